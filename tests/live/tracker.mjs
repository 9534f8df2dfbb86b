// Walks through a shop's pages that carry the browser script, in a real browser, and asks the tables what arrived.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const { SHOP, STRANGER, COLLECTOR, CLICKHOUSE, CHROMIUM } = process.env;
const patience = 60_000; // generous: a busy machine is no fault
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const userAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"; // headless ones are bots

let browser;
before(async () => { browser = await chromium.launch({ executablePath: CHROMIUM, args: flags }); });
after(async () => { await browser?.close(); });

/** Opens a window with a visitor of its own; posts and complaints of its pages are collected. */
async function visitor(script = "") {
  const context = await browser.newContext({ userAgent, locale: "en-GB" });
  context.setDefaultTimeout(patience);
  if (script) await context.addInitScript(script);
  const page = await context.newPage();
  const posts = [], said = [];
  page.on("request", (request) => { if (request.url().includes("/v1/touchpoints")) posts.push(request); });
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(`error: ${error.stack}`));
  return { context, page, posts, said };
}
const call = (page, name, ...args) => page.evaluate(([n, a]) => throughline[n](...a), [name, args]);
const ready = (page) => page.waitForFunction(() => window.throughline && window.throughline.track);
const id = async (page) => { await ready(page); return call(page, "anonymousId"); };
const cookies = async (context) => (await context.cookies(SHOP)).filter((one) => one.name === "throughline_id");

/** Rows that a question has for its answer. */
async function ask(sql) {
  const response = await fetch(`${CLICKHOUSE}/?database=throughline`, { method: "POST", body: `${sql} FORMAT JSONEachRow` });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

/** Waits until the touchpoints of some visitors are as many as wanted, and gives them in order. */
async function stored(ids, n) {
  const list = ids.map((one) => `'${one}'`).join();
  const end = Date.now() + patience;
  for (;;) {
    const rows = await ask(`SELECT * FROM touchpoints WHERE anonymous_id IN (${list}) ORDER BY message_id`);
    if (rows.length >= n || Date.now() > end) {
      assert.equal(rows.length, n, JSON.stringify(rows.map((row) => [row.event, row.path])));
      assert.equal(new Set(rows.map((row) => row.message_id)).size, n);
      return rows;
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
const short = (rows) => rows.map((row) => `${row.event} ${row.path}`);
const settled = (page) => page.waitForFunction(() => !Object.keys(localStorage).some((key) => key.startsWith("throughline.event.")));

test("page views: the first one, steps of an application, none twice", async () => {
  const { context, page, posts, said } = await visitor();
  await page.goto(`${SHOP}/shoes?utm_source=news&utm_medium=email&utm_campaign=spring&gclid=g1#top`, { referer: "https://www.google.com/" });
  const me = await id(page);
  await page.evaluate(() => history.pushState(null, "", "/shoes/red"));
  await call(page, "track", "Product Added", { sku: "r1", revenue: 12.5 }, { stage: "intent" }); // the view comes first
  await page.evaluate(() => history.replaceState(null, "", "/shoes/red?size=41"));
  await page.evaluate(() => history.pushState(null, "", "/cart"));
  await settled(page);
  await page.waitForTimeout(300);
  await page.goBack();
  await settled(page);
  const rows = await stored([me], 5);
  assert.deepEqual(short(rows), ["Page Viewed /shoes", "Page Viewed /shoes/red", "Product Added /shoes/red", "Page Viewed /cart", "Page Viewed /shoes/red"]);
  const [landing, step, added] = rows;
  assert.equal(landing.url.endsWith("gclid=g1"), true, landing.url);
  assert.deepEqual([landing.campaign, landing.click_id_kind, landing.title, landing.locale, landing.device], ["spring", "gclid", "Shop /shoes", "en-GB", "desktop"]);
  assert.deepEqual([step.channel, step.referrer], ["", landing.url], "a step within the site has no channel");
  assert.deepEqual([added.stage_name ?? added.stage, JSON.parse(added.properties).sku], ["intent", "r1"]);
  assert.ok(rows.every((row) => !row.sent_at.startsWith("1970") && !row.client_timestamp.startsWith("1970")));
  assert.ok(posts.every((request) => request.method() === "POST"), "a browser asked first");
  assert.equal((await cookies(context))[0].value, me);
  await page.goto(`${SHOP}/again`);
  assert.equal(await id(page), me, "the visitor is known on the next page");
  assert.deepEqual(said, []);
  await context.close();
});

test("calls from before the script; a user, another one, and nobody", async () => {
  const { context, page, said } = await visitor("window.throughline = [['track', 'Early Bird'], ['identify', 'ann', {plan: 'team'}]]");
  await page.goto(`${SHOP}/early`);
  const first = await id(page);
  await settled(page);
  await call(page, "identify", "bob");
  const second = await id(page);
  await call(page, "reset");
  const third = await id(page);
  await call(page, "track", "Left");
  await page.evaluate(() => throughline.push(["track", "Left Again"]));
  await page.evaluate(() => { throughline.identify(undefined); const loop = {}; loop.loop = loop; throughline.track("Loop", loop); });
  await settled(page);
  assert.equal(new Set([first, second, third]).size, 3);
  const rows = await stored([first, second, third], 6);
  assert.deepEqual(rows.map((row) => [row.event || row.type, row.user_id]), [["Page Viewed", ""], ["Early Bird", ""], ["identify", "ann"],
    ["identify", "bob"], ["Left", ""], ["Left Again", ""]]);
  assert.deepEqual(rows.map((row) => row.anonymous_id), [first, first, first, second, third, third]);
  assert.equal(said.filter((text) => text.startsWith("throughline:")).length, 2, said.join("\n"));
  await context.close();
});

test("offline, a collector that is away or full, and pages that end: each event once", async () => {
  const { context, page } = await visitor();
  await page.goto(`${SHOP}/before`);
  const me = await id(page);
  await settled(page);
  await context.setOffline(true);
  for (const n of [1, 2, 3]) await call(page, "track", `Offline ${n}`);
  await page.waitForTimeout(1500);
  await context.setOffline(false);
  await settled(page);

  let refusals = 0;
  await page.route("**/v1/touchpoints*", async (route) => {
    refusals++;
    if (refusals === 1) return route.fulfill({ status: 503, headers: { "Retry-After": "1", "Access-Control-Allow-Origin": "*" }, body: "{}" });
    if (refusals === 2) return route.fulfill({ status: 200, headers: { "Access-Control-Allow-Origin": "*" }, body: "<p>Sign in to the hotel's network</p>" });
    if (refusals === 3) { // it is stored, and the answer is lost
      await route.fetch();
      return route.abort();
    }
    return route.continue();
  });
  await call(page, "track", "Patient");
  await settled(page);
  assert.equal(refusals, 4);
  await page.unroute("**/v1/touchpoints*");

  await page.evaluate(() => { throughline.track("Last Words"); location.href = "/after"; });
  await page.waitForURL("**/after");
  await ready(page);
  await settled(page);
  await call(page, "track", "Farewell");
  await page.goto("about:blank");
  const rows = await stored([me], 8);
  assert.deepEqual(rows.map((row) => row.event), ["Page Viewed", "Offline 1", "Offline 2", "Offline 3", "Patient", "Last Words", "Page Viewed", "Farewell"]);
  await context.close();
});

test("who does not want it is left alone, and may want it later", async () => {
  for (const [wish, path] of [["Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})", "/signal"],
    ["Object.defineProperty(navigator, 'doNotTrack', {value: '1'})", "/signal"], ["", "/consent"]]) {
    const { context, page, posts } = await visitor(wish);
    await page.goto(SHOP + path);
    await ready(page);
    await call(page, "track", "Unwanted");
    await call(page, "identify", "carl");
    await page.waitForTimeout(600);
    assert.equal(posts.length, 0);
    assert.deepEqual([await cookies(context), await page.evaluate(() => Object.keys(localStorage))], [[], []], "nothing is kept");
    await call(page, "optIn");
    const me = await id(page);
    await call(page, "track", "Wanted");
    await settled(page);
    assert.deepEqual(short(await stored([me], 2)), [`Page Viewed ${path}`, `Wanted ${path}`]);
    await call(page, "optOut");
    const sent = posts.length;
    await call(page, "track", "Unwanted");
    await page.goto(SHOP + path);
    await ready(page);
    await page.waitForTimeout(600);
    assert.equal(posts.length, sent);
    assert.deepEqual([await cookies(context), await page.evaluate(() => Object.keys(localStorage))], [[], ["throughline.consent"]]);
    await context.close();
  }
});

test("no storage, views by hand, a wrong key, a wrong origin, a refused event", async () => {
  const denied = await visitor("Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('denied', 'SecurityError'); }})");
  await denied.page.goto(`${SHOP}/denied`);
  const me = await id(denied.page);
  await call(denied.page, "track", "Without Storage");
  assert.deepEqual(short(await stored([me], 2)), ["Page Viewed /denied", "Without Storage /denied"]);

  const manual = await visitor();
  await manual.page.goto(`${SHOP}/manual`);
  const other = await id(manual.page);
  await manual.page.evaluate(() => history.pushState(null, "", "/manual/2"));
  await call(manual.page, "track", "x".repeat(201)); // refused, and told of
  await call(manual.page, "page", { category: "pricing" });
  await settled(manual.page);
  assert.deepEqual(short(await stored([other], 1)), ["Page Viewed /manual/2"]);
  assert.ok(manual.said.some((text) => text.includes("refused") && text.includes("event")), manual.said.join("\n"));

  for (const [where, word] of [[`${SHOP}/wrong-key`, "no site has this write key"], [`${STRANGER}/shoes`, "CORS"]]) {
    const { page, posts, said, context } = await visitor();
    await page.goto(where);
    await ready(page);
    for (const end = Date.now() + patience; !said.some((text) => text.includes(word)) && Date.now() < end;) await page.waitForTimeout(100);
    await page.waitForTimeout(1500);
    assert.ok(said.some((text) => text.includes(word)), said.join("\n"));
    assert.ok(posts.length >= 1, `${posts.length} posts`);
    if (where.endsWith("key")) assert.equal(posts.length, 1, "a key that is not known is not tried again");
    await context.close();
  }
  await denied.context.close();
  await manual.context.close();
});

test("the script is kept by the browser and not sent again", async () => {
  const address = `${COLLECTOR}/v1/throughline.js`;
  const response = await fetch(address, { headers: { "Accept-Encoding": "br" } });
  const { headers } = response;
  assert.deepEqual([response.status, headers.get("content-type"), headers.get("content-encoding")], [200, "text/javascript; charset=utf-8", "br"]);
  assert.match(headers.get("cache-control"), /max-age=3600/);
  assert.match(await response.text(), /throughline/);
  const again = await fetch(address, { headers: { "If-None-Match": headers.get("etag") } });
  assert.deepEqual([again.status, await again.text()], [304, ""]);
});
