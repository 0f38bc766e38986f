/** How far ranking again has come: the interval that is ranked, and the stamp to go on from. */
export interface Ranking {
  interval: number;
  from: number;
}

/** Where ranking begins. */
export const FIRST_RANKING: Ranking = { interval: 0, from: -8.64e12 };
