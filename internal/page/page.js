// The page: the simulator's form, and the marks between policy and program.

const $ = (id) => document.getElementById(id);

function element(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

// number reads a number, a constant, a parameter's name, or nothing as 0.
function number(text, params) {
  text = text.trim();
  if (text === "") return 0n;
  const p = data.params.findIndex((p) => p.name === text);
  if (p >= 0 && params) {
    if (params[p] === null) throw new Open(p);
    return params[p] & ALL;
  }
  let v = 0n;
  for (const part of text.split("|")) {
    const t = part.trim();
    if (Object.hasOwn(data.constants, t)) v |= BigInt(data.constants[t]);
    else if (/^-?(0x[0-9a-f]+|[0-9]+)$/i.test(t)) v |= (t[0] === "-" ? -BigInt(t.slice(1)) : BigInt(t));
    else if (/^["'\/.]/.test(t)) throw new Error(t + ": a filter sees numbers, no text; give an address, as in 0x1000");
    else throw new Error(t + " is neither a number nor a constant that the policy names");
  }
  if (v < -(1n << 63n) || v > ALL) throw new Error(text + " does not fit 64 bits");
  return v & ALL;
}

function readParams() {
  return data.params.map((p, i) => {
    const text = $("param" + i).value.trim();
    if (text === "") return null;
    const v = BigInt.asIntN(64, number(text));
    if (p.bits === 32 && (v < BigInt(p.min) || v > BigInt(p.max))) throw new Error("parameter " + p.name + " may be " + p.min + " to " + p.max);
    return v;
  });
}

function readCall(params) {
  const arch = data.audits[$("from").value], name = $("call").value.trim();
  let nr = data.numbers[name];
  if (nr === undefined) {
    if (!/^(0x[0-9a-f]+|[0-9]+)$/i.test(name) || Number(name) > 0xffffffff) throw new Error("there is no system call " + name + " on " + data.arch);
    nr = Number(name);
  }
  const args = [];
  for (let i = 0; i < 6; i++) {
    const v = number($("arg" + i).value, params);
    args.push(data.bits === 32 ? v & LOW : v);
  }
  return {nr, arch, args};
}

function judge() {
  const result = $("result");
  clearRun();
  try {
    const params = readParams(), call = readCall(params);
    const got = run(call, params);
    show(result, call, got, params);
  } catch (e) {
    result.replaceChildren(element("p", {id: "problem", class: "bad"}, e.message));
    if (!(e instanceof Open) && e.constructor !== Error) throw e;
  }
}

function show(result, call, got, params) {
  const text = action(got.verdict);
  const good = text === "allow" || text === "log" ? "good" : text.startsWith("kill") ? "bad" : "other";
  const out = [element("p", {id: "verdict", class: good}, text)];
  const want = meaning(call, params);
  const by = element("p", {id: "by"}, want.why);
  if (want.by && want.by.rule) {
    by.replaceChildren("decided by ", element("a", {href: "#" + want.by.rule}, want.by.at));
    $(want.by.rule).classList.add("ran");
    $(want.by.rule).closest("details").open = true;
  }
  out.push(by);
  if (want.verdict !== null && want.verdict !== got.verdict) out.push(element("p", {id: "disagree", class: "bad"}, "The policy means " + action(want.verdict) + ". Please report this."));
  const cached = call.arch === data.audit && data.cached.includes(call.nr);
  out.push(element("p", {id: "cost"}, got.steps.length + " of " + data.insns.length + " instructions executed; " +
    (cached ? "from Linux 5.11 on the kernel answers from its cache" : "the kernel runs it at every such call")));
  out.push(element("p", {id: "way"}, "Way: " + got.steps.map((s) => "l" + s.pc).join(" ")));
  result.replaceChildren(...out);
  for (const s of got.steps) {
    const row = $("l" + s.pc);
    row.classList.add("ran");
    row.lastElementChild.textContent = s.does;
    questions.get("l" + s.pc)?.classList.add("ran");
  }
}

// questions are the graph's, by the instruction they begin with, which is what
// their tooltips say.
const questions = new Map();
for (const n of document.querySelectorAll(".graph .test")) questions.set(n.querySelector("a").getAttribute("xlink:title"), n);

function clearRun() {
  for (const e of document.querySelectorAll(".ran")) e.classList.remove("ran");
  for (const e of document.querySelectorAll(".did")) e.textContent = "";
}

// callsOf are the calls that a rule is about, callsAt those that come to an
// instruction.
const callsOf = (rule) => data.policy.calls.filter((c) => c.cases.some((k) => k.rule === rule));
const callsAt = (pc) => data.policy.calls.filter((c) => c.reach.includes(pc));
const nameOf = (nr) => Object.keys(data.numbers).find((n) => data.numbers[n] === nr) || String(nr);

function clearMarks() {
  for (const e of document.querySelectorAll(".panes .own, .panes .shared")) e.classList.remove("own", "shared");
}

// mark marks what belongs to a button of a rule or an instruction.
function mark(button) {
  clearMarks();
  if (!button) return;
  let calls, own = 0, shared = 0;
  if (button.dataset.rule) {
    calls = callsOf(button.dataset.rule);
    $(button.dataset.rule).classList.add("own");
    for (const pc of new Set(calls.flatMap((c) => c.reach))) {
      const alone = callsAt(pc).every((c) => calls.includes(c));
      $("l" + pc).classList.add(alone ? "own" : "shared");
      alone ? own++ : shared++;
    }
  } else {
    const pc = Number(button.dataset.pc);
    calls = callsAt(pc);
    $("l" + pc).classList.add("own");
    for (const c of calls) for (const k of c.cases) if (k.rule) $(k.rule).classList.add(calls.length === 1 ? "own" : "shared");
  }
  return {calls, own, shared};
}

const pinned = () => document.querySelector(".panes button[aria-pressed=true]");

function pin(button) {
  const old = pinned();
  if (old) old.setAttribute("aria-pressed", "false");
  if (old === button) {
    clearMarks();
    $("marked").textContent = "";
    return;
  }
  button.setAttribute("aria-pressed", "true");
  const m = mark(button), names = m.calls.map((c) => nameOf(c.nr)).join(", ") || "no call";
  $("marked").textContent = button.dataset.rule ?
    names + ": " + m.own + " instructions of its own, " + m.shared + " shared" :
    "l" + button.dataset.pc + " is come to by " + names;
}

function start() {
  const field = (id, label) => element("label", {for: id}, label, element("input", {id, name: id}));
  for (let i = 0; i < 6; i++) $("args").append(field("arg" + i, "argument " + i));
  data.params.forEach((p, i) => $("params").append(field("param" + i, p.name)));
  $("params").hidden = data.params.length === 0;
  for (const a of [data.arch, ...Object.keys(data.audits).filter((a) => a !== data.arch && data.audits[a] !== data.audit)]) $("from").append(element("option", {}, a));
  for (const n of Object.keys(data.numbers)) $("calls").append(element("option", {value: n}));
  $("call").addEventListener("input", () => {
    const names = data.names[$("call").value.trim()] || [];
    for (let i = 0; i < 6; i++) $("arg" + i).previousSibling.textContent = "argument " + i + (names[i] ? " (" + names[i] + ")" : "");
  });
  $("sim").addEventListener("submit", (e) => { e.preventDefault(); judge(); });
  for (const b of document.querySelectorAll(".rule, .insn")) {
    b.addEventListener("click", () => pin(b));
    const row = b.closest("li, tr");
    row.addEventListener("mouseenter", () => { if (!pinned()) mark(b); });
    row.addEventListener("mouseleave", () => { if (!pinned()) clearMarks(); });
  }
  addEventListener("beforeprint", () => { for (const d of document.querySelectorAll("details")) d.open = true; });
}

start();
