import type { Attendance, Feed } from "./feed.ts";
import type { Topic } from "./topic.ts";

/** How long before its end an attendance is renewed (seconds): more than a heartbeat, which renews it. */
const RENEW_BEFORE = 45;

/** More than any attendance lasts (seconds): one with more left was given before the clock was set back. */
const LONGEST_LEFT = 120;

/** Says to feeds what is wanted of them. */
export interface Attending {
  /** Sees to it that everything that is listened to is delivered from now on. */
  attend(topic: Topic): Promise<Attendance>;
  /** Whether a feed must be told again, because more or less is wanted or the attendance ends soon. */
  isDue(topic: Topic, now: number): boolean;
}

/** Opens the attending of a feed. One telling of a symbol is under way at a time. */
export function openAttending(feed: Feed): Attending {
  const isDue = ({ attendance, told, wanted }: Topic, now: number): boolean => {
    if (attendance === null || told !== wanted) return true;
    const left = attendance.until - now;
    return left < RENEW_BEFORE || left > LONGEST_LEFT;
  };
  const tell = async (topic: Topic): Promise<Attendance> => {
    const { wanted, wants } = topic;
    const attendance = await feed.attend(topic.symbol, wants);
    topic.told = wanted;
    topic.attendance = attendance;
    if (topic.place === null) topic.keepPlace(attendance.position);
    return attendance;
  };
  const attend = async (topic: Topic): Promise<Attendance> => {
    // Whoever comes while a telling is under way may want more than it says.
    if (topic.telling !== null) await topic.telling;
    if (topic.attendance !== null && !isDue(topic, Date.now() / 1000)) return topic.attendance;
    topic.telling ??= tell(topic).finally(() => {
      topic.telling = null;
    });
    return topic.telling;
  };
  return { attend, isDue };
}
