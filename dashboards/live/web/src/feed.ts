// The connection on which answers arrive, and whether it is there.

export type Link = "wait" | "live" | "lost" | "refused";

const silence = 15_000; // the server says something every 5 seconds

/** Listens with a filter; hands on each answer under its name and tells how the connection is. */
export class Feed {
  private source?: EventSource;
  private watch?: number;
  private query = new URLSearchParams();

  constructor(private take: (name: string, data: unknown) => void, private tell: (link: Link) => void, private names: string[]) {}

  /** Listens anew. */
  open(query: URLSearchParams): void {
    this.close();
    this.query = query;
    const source = new EventSource(`api/events?${query}`);
    this.source = source;
    const alive = () => {
      this.tell("live");
      clearTimeout(this.watch);
      this.watch = window.setTimeout(() => this.lost(), silence);
    };
    source.addEventListener("open", alive);
    source.addEventListener("beat", alive);
    for (const name of this.names) {
      source.addEventListener(name, (event) => {
        alive();
        this.take(name, JSON.parse((event as MessageEvent<string>).data));
      });
    }
    source.addEventListener("error", () => {
      this.tell("lost");
      // The browser tries again by itself, except after an answer that is no stream.
      if (source.readyState === EventSource.CLOSED) {
        clearTimeout(this.watch);
        this.watch = window.setTimeout(() => this.open(this.query), 3000);
      }
    });
  }

  close(): void {
    clearTimeout(this.watch);
    this.source?.close();
  }

  private lost(): void {
    this.tell("lost");
    this.open(this.query);
  }
}
