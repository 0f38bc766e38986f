import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { METRICS, type Metric } from "../../observability/metrics/catalogue.ts";

const DOCS = new URL("../../docs/", import.meta.url);

const rules = readFileSync(new URL("alerts.yml", DOCS), "utf8");
const alerts = Array.from(rules.matchAll(/^ {6}- alert: (\w+)$/gm), (match) => match[1]);
const pages = readdirSync(new URL("runbooks", DOCS)).filter((name) => name !== "README.md");

const metrics: Record<string, Metric> = METRICS;

/** The metric that a name in an expression belongs to: a histogram has three series of its own. */
const metricOf = (name: string): Metric | undefined => {
  const base = name.replace(/_(?:bucket|sum|count)$/, "");
  return metrics[base]?.type === "histogram" ? (name === base ? undefined : metrics[base]) : metrics[name];
};

const isKnown = (name: string): boolean => metricOf(name) !== undefined;

/** Every metric of ours that a text names. */
const namesIn = (text: string): string[] => Array.from(text.matchAll(/\bwizdata_\w+/g), (match) => match[0]);

describe("alerts", () => {
  test("are there, each once", () => {
    expect(alerts.length).toBeGreaterThan(9);
    expect(new Set(alerts).size).toBe(alerts.length);
  });

  test("have a page each, and no page is of none", () => {
    expect(pages.toSorted()).toEqual(alerts.map((name) => `${name}.md`).toSorted());
    for (const name of alerts) {
      const page = readFileSync(new URL(`runbooks/${name}.md`, DOCS), "utf8");
      expect(page.startsWith(`# ${name}\n`), name).toBe(true);
      for (const part of ["**What it means.**", "**What users see.**", "**What to do.**"]) expect(page).toContain(part);
      expect(rules).toContain(`runbook: docs/runbooks/${name}.md`);
    }
  });

  test("speak of metrics that exist, and their pages too", () => {
    expect(namesIn(rules).length).toBeGreaterThan(15);
    expect(namesIn(rules).filter((name) => !isKnown(name))).toEqual([]);
    for (const page of pages) {
      const named = namesIn(readFileSync(new URL(`runbooks/${page}`, DOCS), "utf8"));
      const unknown = named.filter((name) => name !== "wizdata_" && !isKnown(name) && !(name in METRICS));
      expect(unknown, page).toEqual([]);
    }
    expect(isKnown("wizdata_requests_totally")).toBe(false);
    expect(isKnown("wizdata_queue_age_seconds")).toBe(false);
    expect(isKnown("wizdata_queue_age_seconds_bucket")).toBe(true);
  });

  test("distinguish series by labels that their metrics have", () => {
    const selected = Array.from(rules.matchAll(/\b(wizdata_\w+)\{([^}]*)\}/g));
    expect(selected.length).toBeGreaterThan(5);
    for (const [, name, selector] of selected) {
      for (const [, label] of selector.matchAll(/(\w+)\s*(?:=|!=|=~|!~)\s*"/g)) {
        expect(metricOf(name)?.labels, `${name} has no ${label}`).toContain(label);
      }
    }
  });

  test("link to pages that are there", () => {
    for (const page of readdirSync(new URL("runbooks", DOCS))) {
      const text = readFileSync(new URL(`runbooks/${page}`, DOCS), "utf8");
      for (const [, target] of text.matchAll(/\]\((\w+\.md)\)/g)) expect(pages, page).toContain(target);
    }
  });
});
