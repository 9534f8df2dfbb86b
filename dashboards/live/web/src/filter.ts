// What is looked at: a time range and values of dimensions, kept in the address of the page.

export const spans = ["1h", "6h", "24h", "7d", "30d", "90d"] as const;
export const dimensions = ["site", "channel", "campaign", "device", "country"] as const;
export const standard = "90d";

const known = new Set<string>(["range", "from", "to", ...dimensions]);

/** The filter of the page's address, without what the page does not know. */
export function current(): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (known.has(name) && value !== "") query.append(name, value);
  }
  return query;
}

/** Changes some of the filter and keeps it in the address; empty takes a part away. */
export function change(parts: Record<string, string>): URLSearchParams {
  const query = current();
  for (const [name, value] of Object.entries(parts)) {
    if (value === "") query.delete(name);
    else query.set(name, value);
  }
  if (query.get("range") === standard) query.delete("range");
  const text = query.toString();
  history.pushState(null, "", text ? `?${text}` : location.pathname);
  return query;
}

/** The name of the range that is chosen; custom when it has ends of its own. */
export const rangeOf = (query: URLSearchParams) => (query.has("from") || query.has("to") ? "custom" : query.get("range") ?? standard);

/** How many dimensions are filtered. */
export const narrowed = (query: URLSearchParams) => dimensions.filter((name) => query.has(name)).length;
