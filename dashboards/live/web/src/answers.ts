// What the server answers: tables, as rows of named values.

export interface Table { columns: string[]; rows: unknown[][] }
export type Row = Record<string, unknown>;

/** Rows of a table, each with its values by column. */
export function rows<T = Row>(table: Table): T[] {
  return table.rows.map((row) => Object.fromEntries(table.columns.map((name, i) => [name, row[i]])) as T);
}

export interface Stage {
  stage: number; stage_name: string; reached: number; in_order: number; conversion: number | null; conversion_from_start: number | null;
  dropped: number; open: number; skipped: number; in_order_before: number; conversion_before: number | null;
}
export interface Flow { from_stage: number; from: string; to_stage: number; to: string; kind_name: string; transitions: number; share: number; transitions_before: number }
export interface Channel {
  channel_name: string; journeys: number; no_stage: number; awareness: number; consideration: number; intent: number; purchase: number; loyalty: number;
  conversion: number; revenue_total: number;
}
export interface Refusal { site: string; reason: string; field: string; component: string; events: number; last_seen: string; latest_detail: string }
export interface Summary {
  journeys: number; journeys_change: number | null; conversion: number | null; conversion_change: number | null;
  revenue_total: number; revenue_change: number | null; open_share: number | null;
}
export interface Point { time: string; journeys: number; conversion: number }
export interface Arrival {
  verdict: "accepted" | "rejected"; received_at: string; site: string; customer_kind: string; customer_id: string; event: string;
  stage: number; rule: string; channel: string; device: string; bot: boolean; id: string;
}
export interface Part { name: string; state: "good" | "busy" | "bad" | "unknown"; says: string }
export interface Health {
  at: string; parts: Part[]; metered: boolean; accepted: number | null; rejected: number | null; freshness: number | null; lag: number | null;
}
export interface Customer {
  site: string; customer_kind: string; customer_id: string; journeys: number; touches: number; orders: number; spent: number; furthest: number;
  entry: string; last_seen: string; total: number;
}

export const stages = ["start", "awareness", "consideration", "intent", "purchase", "loyalty"];

export class Refused extends Error {}

/** Asks the server once. An answer other than 200 becomes an error with its text. */
export async function ask<T>(path: string, query: URLSearchParams, signal?: AbortSignal): Promise<T> {
  const response = await fetch(`api/${path}?${query}`, { signal, headers: { Accept: "application/json" } });
  if (!response.ok) throw new Refused((await response.text()).trim() || `status ${response.status}`);
  return (await response.json()) as T;
}
