// Looks at the live page in a real browser. The tests run in order on one pipeline, which is empty at first.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import axe from "axe-core";
import { chromium } from "playwright-core";

const { PAGE, COLLECTOR, LEVERS, CHROMIUM, KEEP_SCREENSHOTS } = process.env;
const run = promisify(execFile);
const patience = 45_000; // generous: a busy machine is no fault
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

let browser;
const wrong = []; // requests elsewhere, errors, and what the content policy refused
let away = false; // while the engine is down, failing requests are no error

/** Opens the page in a window of its own. */
async function open(query = "", options = {}) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 }, timezoneId: "UTC", ...options });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  page.on("request", (request) => { if (!request.url().startsWith(new URL(PAGE).origin + "/live/")) wrong.push(`request: ${request.url()}`); });
  page.on("pageerror", (error) => wrong.push(`error: ${error.stack}`));
  page.on("dialog", (dialog) => { wrong.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  page.on("console", (message) => { if (message.type() === "error" && !away) wrong.push(`console: ${message.text()}`); });
  await page.goto(PAGE + query);
  return page;
}

/** What axe finds that is serious or worse. */
async function barriers(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`);
}

/** Waits until a condition holds and gives its value. */
async function until(what, check) {
  const end = Date.now() + patience;
  for (let last; ;) {
    try {
      const value = await check();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what}: ${last}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Posts events; every verdict must be as wanted. */
async function post(events, verdict = "accepted") {
  for (let i = 0; i < events.length; i += 200) {
    const response = await fetch(`${COLLECTOR}/v1/touchpoints`, {
      method: "POST", headers: { Authorization: "Bearer local", "Content-Type": "application/json" },
      body: JSON.stringify({ batch: events.slice(i, i + 200), sent_at: new Date().toISOString() }),
    });
    const { results } = await response.json();
    assert.deepEqual([...new Set(results.map((one) => one.status))], [verdict], JSON.stringify(results.slice(0, 2)));
  }
}

async function keep(page, name) {
  if (!KEEP_SCREENSHOTS) return;
  mkdirSync(KEEP_SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: `${KEEP_SCREENSHOTS}/${name}.png` });
}

/** Rows of a card's table as lists of texts, after switching the card to its table. */
async function table(page, card) {
  const toggle = page.locator(`#${card} button[aria-pressed]`);
  if ((await toggle.getAttribute("aria-pressed")) === "false") await toggle.click();
  return page.locator(`#${card} tbody tr`).evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
}

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

// What is sent: 60 customers, of whom fewer and fewer go on. The first stage's page carries channel and campaign.
const markup = `<img src=x onerror="alert('x')">`;
const script = `</script><script>alert(1)</script>`;
const journeys = { "Ad Clicked": 60, "Product Viewed": 45, "Product Added": 30, "Order Completed": 12 };

function visits() {
  const start = Date.now() - 5 * 3600_000;
  const events = [];
  Object.entries(journeys).forEach(([event, customers], step) => {
    for (let i = 0; i < customers; i++) {
      const campaign = i < 20 ? "spring" : i < 22 ? markup : "";
      const tags = campaign === "" ? "" : `?utm_source=news&utm_medium=email&utm_campaign=${encodeURIComponent(campaign)}`;
      events.push({
        message_id: `${i}-${step}`, event, anonymous_id: i === 7 ? markup : `visitor-${String(i).padStart(2, "0")}`,
        timestamp: new Date(start + i * 240_000 + step * 45_000).toISOString(),
        ...(event === "Order Completed" ? { properties: { revenue: 50, currency: "EUR", order_id: `o${i}` } } : {}),
        context: { page: { url: `https://shop.example/p/${step}${step === 0 ? tags : ""}` } },
      });
    }
  });
  return events;
}

before(async () => { browser = await chromium.launch({ executablePath: CHROMIUM, args: flags }); });
after(async () => { await browser?.close(); });

test("an empty pipeline explains how to send a first touchpoint, and the command works", async () => {
  const page = await open();
  await page.getByRole("heading", { name: "Send your first touchpoint" }).waitFor();
  const command = await page.locator("#empty pre").textContent();
  assert.ok(command.includes(`${COLLECTOR}/v1/touchpoints`) && command.includes("Bearer local"), command);
  assert.equal(await page.locator("#figures").isVisible(), false);
  assert.deepEqual(await barriers(page), []);
  await keep(page, "empty");
  const { stdout } = await run("sh", ["-c", `${command} -sS`]);
  assert.equal(JSON.parse(stdout).accepted, 1, stdout);
  await page.locator("#stream li", { hasText: "Product Viewed" }).waitFor();
  await page.locator("#figures").waitFor();
  assert.equal(await page.locator("#empty").isVisible(), false);
  await page.context().close();
});

test("figures, charts and tables show what was sent, and follow while more arrives", async () => {
  const page = await open();
  await post(visits());
  await post([{ evnt: "typo" }, { [markup]: 1 }], "rejected");
  await post([{ event: markup, anonymous_id: "visitor-00" }, { event: script, anonymous_id: "visitor-01" }]);

  const funnel = await until("the funnel", async () => {
    const rows = await table(page, "funnel");
    return rows[0]?.[1] === "60" && rows[3]?.[1] === "12" && rows;
  });
  assert.deepEqual(funnel.map((row) => row.slice(0, 3)), [["Awareness", "60", "–"], ["Consideration", "45", "75 %"], ["Intent", "30", "67 %"], ["Purchase", "12", "40 %"], ["Loyalty", "0", "0 %"]]);
  assert.deepEqual(funnel.map((row) => row[6]), ["15", "15", "18", "0", "0"], "open");
  const flows = await until("the flows", async () => { const rows = await table(page, "flows"); return rows.some((row) => row[0] === "Intent → purchase" && row[2] === "12") && rows; });
  assert.deepEqual(flows.find((row) => row[0] === "Awareness → consideration").slice(1, 3), ["forward", "45"]);
  const email = await until("the channels", async () => (await table(page, "channels")).find((row) => row[0] === "email" && row[1] === "22"));
  assert.equal(email[2], "55 %");
  const refusals = await until("the refusals", async () => { const rows = await table(page, "refusals"); return rows[0]?.[1] === "2" && rows; });
  assert.equal(refusals[0][0], "Unknown field");
  await page.locator("#stream li.refused").first().waitFor();
  assert.equal(await page.locator("#stream .event", { hasText: markup }).first().textContent(), markup);
  assert.equal(await page.locator("#stream .event", { hasText: script }).first().textContent(), script);

  const before = await page.locator(".figure .value").first().textContent();
  await post([{ event: "Ad Clicked", anonymous_id: "latecomer" }]);
  await until("the figures move", async () => (await page.locator(".figure .value").first().textContent()) !== before);
  await page.locator("#stream li").first().getByText("latecomer").waitFor();
  await until("the rate is known", async () => /^\d/.test(await page.locator(".figure .value").nth(4).textContent()));
  assert.deepEqual(await page.locator("#health li").allTextContents().then((all) => all.map((text) => text.split(":")[0].slice(1))), ["Collector", "Kafka", "Processor", "ClickHouse"]);
  assert.deepEqual(await barriers(page), []);
  await keep(page, "tables");
  await page.context().close();
});

test("filters lie in the address, survive a reload, and go back", async () => {
  const page = await open();
  const journeysAre = (n) => until(`${n} journeys`, async () => (await page.locator(".figure .value").first().textContent()) === n);
  await journeysAre("62");
  await page.getByLabel("Channel", { exact: true }).selectOption("email");
  await journeysAre("22");
  assert.equal(new URL(page.url()).search, "?channel=email");
  await page.getByLabel("24h, last 24 hours").click();
  assert.equal(new URL(page.url()).search, "?channel=email&range=24h");
  await page.reload();
  await journeysAre("22");
  assert.equal(await page.getByLabel("Channel", { exact: true }).inputValue(), "email");
  assert.equal(await page.getByLabel("24h, last 24 hours").getAttribute("aria-pressed"), "true");
  assert.ok((await page.locator("#stream li .by").allTextContents()).every((text) => text.includes("email")));
  await page.goBack();
  await page.goBack();
  await journeysAre("62");
  await page.getByLabel("Campaign", { exact: true }).selectOption(markup);
  await journeysAre("2");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await journeysAre("62");

  await page.getByRole("button", { name: "Custom", exact: true }).click();
  await page.getByLabel("From", { exact: true }).fill("2020-01-01T00:00");
  await page.getByLabel("to", { exact: true }).fill("2020-02-01T00:00");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.locator("#funnel .nothing").waitFor();
  assert.match(await page.locator("#funnel .nothing").textContent(), /No journeys/);
  assert.equal(new URL(page.url()).search, "?from=1577836800&to=1580515200");
  await page.context().close();
});

test("bars and flows lead to customers, customers to their timeline", async () => {
  const page = await open();
  const drawer = page.locator("#drawer");
  await until("the charts are drawn", async () => (await page.locator("#funnel canvas").count()) > 0 && (await page.locator("#flows canvas").count()) > 0);
  await page.waitForTimeout(1200); // the bars have grown
  await keep(page, "charts");

  const at = async (card, x, y) => {
    const box = await page.locator(`#${card} .plot`).boundingBox();
    await page.mouse.click(box.x + box.width * x, box.y + box.height * y);
  };
  await at("funnel", 0.4, 0.1);
  await drawer.getByRole("heading", { name: "Awareness: those who came there" }).waitFor();
  await drawer.getByText("1–25 of 61 customers").waitFor();
  const first = await drawer.locator("tbody th").first().textContent();
  await drawer.getByRole("button", { name: "Older" }).click();
  await drawer.getByText("26–50 of 61 customers").waitFor();
  assert.notEqual(await drawer.locator("tbody th").first().textContent(), first);
  await page.keyboard.press("Escape");
  assert.equal(await drawer.isVisible(), false);

  await at("flows", 0.08, 0.3);
  await drawer.getByRole("heading", { name: "Start → awareness" }).waitFor();
  await page.keyboard.press("Escape");
  await at("channels", 0.45, 0.1);
  await drawer.getByRole("heading", { name: /Came by/ }).waitFor();
  await page.keyboard.press("Escape");

  // The same without a mouse: the table, a customer behind it, the timeline, and back.
  await page.locator("#funnel button[aria-pressed]").focus();
  await page.keyboard.press("Enter");
  await page.locator("#funnel").getByRole("button", { name: "purchase: show the customers" }).focus();
  await page.keyboard.press("Enter");
  await drawer.getByText("1–12 of 12 customers").waitFor();
  assert.deepEqual(await barriers(page), []);
  await keep(page, "customers");
  await drawer.getByRole("button", { name: `${markup}: show the timeline` }).click();
  await drawer.getByRole("heading", { name: markup, exact: true }).waitFor();
  assert.deepEqual(await drawer.locator(".timeline .event").allTextContents(), ["Order Completed · revenue 50", "Product Added", "Product Viewed", "Ad Clicked"]);
  assert.deepEqual(await drawer.locator(".timeline .badge").allTextContents(), ["Purchase", "Intent", "Consideration", "Awareness"]);
  assert.deepEqual(await barriers(page), []);
  await keep(page, "timeline");
  await drawer.getByRole("button", { name: "Back" }).click();
  await drawer.getByText("1–12 of 12 customers").waitFor();
  await drawer.getByRole("button", { name: "Close" }).click();
  await page.locator("#refusals button[aria-pressed]").click();
  await page.locator("#refusals").getByRole("button", { name: /unknown field/ }).click();
  await drawer.getByText("1–2 of 2 events").waitFor();
  await page.context().close();
});

test("the page fits a phone, a desk and a wall, light and dark", async () => {
  for (const [name, options] of Object.entries({
    "phone-light": { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: "light" },
    "phone-dark": { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true, colorScheme: "dark" },
    "desk-dark": { viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
    "wall-light": { viewport: { width: 2560, height: 1440 }, colorScheme: "light" },
  })) {
    const page = await open("", options);
    await until("the charts are drawn", async () => (await page.locator("#channels canvas").count()) > 0);
    assert.equal(await overflow(page), 0, `${name} is wider than its window`);
    const [r] = (await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).match(/\d+/g).map(Number);
    assert.equal(r < 128, options.colorScheme === "dark", `${name} has the colours of the system`);
    assert.deepEqual(await barriers(page), [], name);
    await page.waitForTimeout(600);
    await keep(page, name);
    await page.context().close();
  }
});

test("colours can be chosen and stay chosen; the keyboard comes to the figures first", async () => {
  const page = await open("", { colorScheme: "light" });
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  assert.equal(await theme(), "light");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the figures");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "theme");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  assert.equal(await theme(), "dark");
  await page.reload();
  assert.equal(await theme(), "dark");
  assert.equal(await page.locator("#say").getAttribute("aria-live"), "polite");
  await page.context().close();
});

test("a killed engine is told of, and the page goes on by itself", async () => {
  const page = await open();
  await page.locator("#stream li").first().waitFor();
  assert.equal(await page.locator("#alert").isVisible(), false);
  away = true;
  await fetch(`${LEVERS}/kill-engine`);
  await page.locator("#alert").waitFor();
  assert.match(await page.locator("#alert").textContent(), /ClickHouse is away/);
  await keep(page, "away");
  await page.locator("#alert").waitFor({ state: "hidden" });
  await page.locator("#link[data-state=live]").waitFor();
  away = false;
  await post([{ event: "Ad Clicked", anonymous_id: "after-the-fall" }]);
  await page.locator("#stream li").first().getByText("after-the-fall").waitFor();
  await page.context().close();
});

test("nothing was asked of another origin, nothing ran that came from outside, nothing went wrong", () => {
  assert.deepEqual(wrong, []);
});
