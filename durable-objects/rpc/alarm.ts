/** Sets an object's alarm to a time (unix seconds), unless it is set to an earlier one. */
export async function setAlarmNoLaterThan(storage: DurableObjectStorage, at: number): Promise<void> {
  const milliseconds = Math.ceil(at * 1000);
  const set = await storage.getAlarm();
  if (set === null || set > milliseconds) await storage.setAlarm(milliseconds);
}
