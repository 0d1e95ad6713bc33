// The machine that runs the program, as the kernel does (net/core/filter.c), and
// the meaning of the policy to hold it against (package rule, Policy.Eval).
// Nothing here touches the page.

const ALL = (1n << 64n) - 1n, LOW = (1n << 32n) - 1n;

// words are the 32-bit words of struct seccomp_data.
function words(call) {
  const out = new Uint32Array(16);
  out[0] = call.nr;
  out[1] = call.arch;
  [0n, ...call.args].forEach((v, i) => {
    const low = Number(v & LOW), high = Number(v >> 32n);
    out[2 + 2 * i] = data.bigEndian ? high : low;
    out[3 + 2 * i] = data.bigEndian ? low : high;
  });
  return out;
}

// An Open is a verdict that depends on a parameter without a value.
class Open extends Error {
  constructor(param) {
    super("the verdict depends on parameter " + data.params[param].name + ": give it a value");
    this.param = param;
  }
}

// parameter is the value of a parameter as 64-bit comparisons see it.
function parameter(n, params) {
  if (params[n] === null) throw new Open(n);
  return data.params[n].bits === 32 ? params[n] & LOW : params[n];
}

// operand is K, which may depend on parameters.
function operand(k, params) {
  if (typeof k === "number") return k;
  if (k.sort) {
    const all = k.sort.map((x) => typeof x === "number" ? x : Number(parameter(x.param, params) & LOW));
    return all.sort((a, b) => a - b)[k.index || 0];
  }
  if (k.high && data.params[k.param].bits === 32) return 0;
  const v = parameter(k.param, params);
  return Number(k.high ? v >> 32n : v & LOW);
}

// run is the verdict and the way: [{pc, does}]. Compiled policies are made of
// eight opcodes (package bpf).
function run(call, params) {
  const w = words(call), steps = [];
  let a = 0;
  for (let pc = 0; ; ) {
    const [code, jt, jf, slot] = data.insns[pc], k = operand(slot, params);
    const step = {pc, does: ""};
    steps.push(step);
    pc++;
    switch (code) {
    case 0x20: // ld [k]
    case 0x54: // and #k
      a = code === 0x20 ? w[k / 4] : (a & k) >>> 0;
      step.does = "A = 0x" + a.toString(16);
      break;
    case 0x05: // ja
      pc += k;
      step.does = "on to l" + pc;
      break;
    case 0x15: // jeq, jgt, jge, jset
    case 0x25:
    case 0x35:
    case 0x45: {
      const is = {0x15: a === k, 0x25: a > k, 0x35: a >= k, 0x45: (a & k) !== 0}[code];
      pc += is ? jt : jf;
      step.does = (is ? "yes, to l" : "no, to l") + pc;
      break;
    }
    case 0x06: // ret #k
      step.does = "returns " + action(k);
      return {verdict: k, steps};
    default:
      throw new Error("l" + step.pc + " has an opcode that no compiled policy has");
    }
  }
}

// action is a verdict as a policy writes it.
function action(v) {
  const word = {0x8000: "kill_process", 0: "kill_thread", 3: "trap", 5: "errno", 0x7fc0: "notify", 0x7ff0: "trace", 0x7ffc: "log", 0x7fff: "allow"}[v >>> 16];
  const low = v & 0xffff;
  if (word === undefined) return "unknown(0x" + v.toString(16).padStart(8, "0") + ")";
  return low || word === "errno" || word === "trace" ? word + "(" + low + ")" : word;
}

// meaning is what the policy says: the verdict, and the case that decides or
// null. The verdict is null if it depends on a parameter without a value.
function meaning(call, params) {
  const p = data.policy;
  if (call.arch !== data.audit) return {verdict: 0x80000000, why: "a call of another architecture", by: null};
  if (p.x32Shares && call.nr >= 0x40000000 && call.nr !== 0xffffffff) return {verdict: 0x80000000, why: "an x32 call", by: null};
  const c = p.calls.find((c) => c.nr === call.nr);
  for (const k of c ? c.cases : []) {
    const is = k.when === null || holds(k.when, call, params);
    if (is === null) return {verdict: null, why: "which entry decides depends on parameters without a value", by: null};
    if (is) return {verdict: k.action, why: "the entry at " + k.at, by: k};
  }
  if (!c && p.newer !== undefined && call.nr > p.last && call.nr !== 0xffffffff) return {verdict: p.newer, why: "a call newer than the tables", by: null};
  return {verdict: p.default, why: c ? "no entry about the call holds, so the default decides" : "there is no entry about the call, so the default decides", by: null};
}

// holds is true, false, or null if it depends on a parameter without a value.
function holds(x, call, params) {
  if (x.not) {
    const is = holds(x.not, call, params);
    return is === null ? null : !is;
  }
  if (x.and || x.or) { // the first that settles it, else null if one is open
    const settles = Boolean(x.or), all = (x.and || x.or).map((y) => holds(y, call, params));
    return all.includes(settles) ? settles : all.includes(null) ? null : !settles;
  }
  if (x.param >= 0 && params[x.param] === null) return null;
  let arg = call.args[x.arg] & BigInt(x.mask);
  let value = x.param < 0 ? BigInt(x.value) : parameter(x.param, params);
  if (x.width === 32) {
    arg &= LOW;
    value &= LOW;
  }
  return [arg === value, arg < value, arg <= value, arg > value, arg >= value][x.op];
}
