// The table that words come from: per operator its formula, what its forward does, and why its gradient is what it is.
//
// A row has `formula(c)`, in Python's notation, which formula.js reads; `forward(c)`, an instruction; and `back(c, argument, here)`,
// the reason for the gradient of that argument, which is called `here`. `c` answers with texts: c.a and c.b are the first two operands, c.each the
// elements of the result, c.arg("dim") an argument.

const SAME = "passes the gradient on unchanged";
const MOVES = "only moves numbers, so each gradient goes back to where its number came from";
const KEEPS = () => MOVES;

const pick = (what) => ({
  forward: (c) => `take the ${what} of the ${c.elements} numbers of ${c.code.a}`,
  back: (c) => `only the ${what} counts: it gets the gradient that arrives, the others get 0`,
});

const math = (name, rule, says) => ({
  formula: (c) => `${name}(${c.a})`,
  forward: (c) => says?.(c) ?? `take ${name} of ${c.each}`,
  back: (c) => rule(c),
});

// A normalisation: what its weight and bias get, and why its input gets less than what arrives.
const normalising = (name, what, does) => ({
  ...math(name, null, does),
  back: (c, argument) =>
    ({ weight: "the weight gets the gradient times the normalised input, added up", bias: "the bias is added everywhere: it gets the gradients, added up" })[argument] ??
    `shifting or stretching ${what} changes nothing, so these parts of the gradient are taken out`,
});

const moving = (does) => ({ forward: does, back: KEEPS });

const lossOf = (says, why) => ({ forward: says, back: why });

const RULES = {
  add: {
    formula: (c) => `${c.a} + ${c.b}`,
    forward: (c) => (c.isNumber.b ? `add ${c.b} to each of ${c.numbers.a}` : `add ${c.code.a} and ${c.code.b}`),
    back: (c, argument, here) => `a sum ${SAME}: 1 more in ${here} is 1 more in ${c.called("the sum")}`,
  },
  sub: {
    formula: (c) => `${c.a} - ${c.b}`,
    forward: (c) => (c.isNumber.b ? `take ${c.b} away from each of ${c.numbers.a}` : `take ${c.code.b} away from ${c.code.a}`),
    back: (c, argument, here) => (argument === "other" ? `1 more in ${here} is 1 less in the difference, so the gradient changes its sign` : `a difference ${SAME} to what is on its left`),
  },
  mul: {
    formula: (c) => `${c.a} * ${c.b}`,
    forward: (c) => (c.isNumber.b ? `multiply each of ${c.numbers.a} by ${c.b}` : `multiply ${c.code.a} by ${c.code.b}${c.isNumber.a ? "" : ", number by number"}`),
    back: (c, argument, here) => `1 more in ${here} is ${c.otherThan(argument)} more in ${c.called("the product")}, so the gradient is multiplied by the other factor`,
  },
  div: {
    formula: (c) => `${c.a} / ${c.b}`,
    forward: (c) => (c.isNumber.b ? `divide each of ${c.numbers.a} by ${c.b}` : `divide ${c.code.a} by ${c.code.b}`),
    back: (c, argument) => (argument === "other" ? "a larger divisor makes the quotient smaller: the gradient is multiplied by \u2212quotient / divisor" : `the gradient is divided by ${c.code.b}, as the number was`),
  },
  neg: { formula: (c) => `-${c.a}`, forward: (c) => `change the sign of ${c.each}`, back: (c, argument, here) => `1 more in ${here} is 1 less in the result, so the gradient changes its sign` },
  pow: {
    formula: (c) => `${c.a} ** ${c.b}`,
    forward: (c) => `raise each of ${c.numbers.a} to the power ${c.b}`,
    back: (c, argument) => (argument === "exponent" ? "the slope in the exponent is the power times the logarithm of its base" : `the slope of a power p is p times the power p \u2212 1`),
  },
  exp: math("exp", () => "the slope of exp is exp itself: the gradient is multiplied by the result", (c) => `raise e to the power of each of ${c.numbers.a}`),
  log: math("log", (c) => `the slope of log is 1/x: the gradient is divided by ${c.code.a}`),
  sqrt: math("sqrt", () => "the slope of a root is 1 / (2 \u00b7 root)"),
  rsqrt: math("rsqrt", () => "the slope of 1/\u221ax is \u2212(1/\u221ax)\u00b3 / 2", (c) => `take 1 / \u221a of ${c.each}`),
  sin: math("sin", () => "the slope of sin is cos"),
  cos: math("cos", () => "the slope of cos is \u2212sin"),
  abs: math("abs", () => "the gradient keeps its sign where the number was positive and changes it where negative", (c) => `drop the sign of ${c.each}`),
  reciprocal: math("reciprocal", () => "the slope of 1/x is \u22121/x\u00b2", (c) => `take 1 / x of ${c.each}`),
  tanh: math("tanh", () => "the slope of tanh is 1 \u2212 tanh\u00b2: near \u00b11 it is flat, and little gradient passes", (c) => `squash ${c.each} into (\u22121, 1)`),
  sigmoid: {
    formula: (c) => `\u03c3(${c.a})`,
    forward: (c) => `squash ${c.each} into (0, 1)`,
    back: () => "the slope of \u03c3 is \u03c3 \u00b7 (1 \u2212 \u03c3): near 0 and 1 it is flat, and little gradient passes",
  },
  relu: {
    formula: (c) => `relu(${c.a})`,
    forward: (c) => `keep what is positive in ${c.code.a}, and put 0 for the rest`,
    back: () => "the gradient passes where the number was positive, and is 0 elsewhere",
  },
  gelu: math("gelu", () => "the slope is near 0 for negative numbers and near 1 for positive ones", (c) => `keep what is clearly positive in ${c.code.a}, smoothly`),
  silu: math("silu", () => "the slope is near 0 for negative numbers and near 1 for positive ones", (c) => `multiply ${c.each} by its own sigmoid`),
  leaky_relu: math("leaky_relu", () => "the gradient passes where the number was positive, and a small share of it elsewhere"),
  clamp: math("clamp", () => "the gradient passes where the number was within the bounds, and is 0 elsewhere", (c) => `cut ${c.code.a} off at the bounds`),

  mean: {
    formula: (c) => `mean(${c.a})`,
    forward: (c) => (c.whole ? `take the mean of the ${c.elements} numbers of ${c.code.a}` : `take means of ${c.code.a} along dimension ${c.arg("dim") ?? "?"}`),
    back: (c) => (c.whole ? `${c.called("this")} is the mean of ${c.elements} numbers: each of them gets ${share(c.elements)} of the gradient that arrives${[3, 4, 5, 6, 10].includes(c.elements) ? `, 1/${c.elements}` : ""}` : "each number gets its mean's gradient, divided by how many numbers share that mean"),
  },
  sum: {
    formula: (c) => `sum(${c.a})`,
    forward: (c) => (c.whole ? `add up the ${c.elements} numbers of ${c.code.a}` : `add ${c.code.a} up along dimension ${c.arg("dim") ?? "?"}`),
    back: () => "1 more in any of the numbers is 1 more in the sum: each gets the whole gradient that arrives",
  },
  max: pick("largest"),
  min: pick("smallest"),
  amax: pick("largest"),
  amin: pick("smallest"),
  var: math("var", () => "numbers far from the mean move the variance most: the gradient is multiplied by 2 (x \u2212 mean) / (n \u2212 1)"),
  std: math("std", () => "numbers far from the mean move the deviation most"),
  linalg_vector_norm: math("norm", () => "the gradient points along the vector: it is multiplied by x / norm", (c) => `take the length of ${c.code.a}`),
  cumsum: math("cumsum", () => "a number is in every later sum: it gets the gradients of all of them"),
  prod: math("prod", () => "the gradient is multiplied by the product of all other numbers"),

  matmul: {
    formula: (c) => `${c.a} @ ${c.b}`,
    forward: (c) => `multiply the matrices ${c.code.a} and ${c.code.b}: rows by columns`,
    back: (c, argument) => (argument === "self" || argument === "input" ? `the gradient is multiplied by ${c.code.b}, transposed` : `the gradient is multiplied by ${c.code.a}, transposed`),
  },
  linear: {
    formula: (c) => (c.has("bias") ? `${c.a} @ ${c.operand("weight")}.T + ${c.operand("bias")}` : `${c.a} @ ${c.operand("weight")}.T`),
    forward: (c) => `weigh ${c.code.a} with ${c.quoted("weight")}${c.has("bias") ? ` and add ${c.quoted("bias")}` : ""}`,
    back: (c, argument) =>
      ({ bias: "the bias is added to every row: it gets the gradients of all rows, added up", weight: `the weight gets the product of the gradient and the input ${c.code.a}, added up over all rows` })[argument] ??
      `the gradient is multiplied by the weights ${c.quoted("weight")}`,
  },
  addmm: {
    formula: (c) => `${c.a} + ${c.operand("mat1")} @ ${c.operand("mat2")}`,
    forward: (c) => `multiply ${c.quoted("mat1")} and ${c.quoted("mat2")}, and add ${c.code.a}`,
    back: (c, argument) => (argument === "self" ? "what is added to every row gets the gradients of all rows, added up" : "the gradient is multiplied by the other matrix, transposed"),
  },
  convolution: {
    formula: (c) => `conv(${c.a}, ${c.operand("weight")})`,
    forward: (c) => `slide the filters ${c.quoted("weight")} over ${c.code.a}`,
    back: (c, argument) =>
      ({ weight: "a filter gets, for each of its places, the gradient there times what it saw there", bias: "the bias is added everywhere: it gets all gradients of its channel, added up" })[argument] ??
      "each pixel gets, from every filter that saw it, the gradient times the filter's weight",
  },
  embedding: {
    formula: (c) => `${c.a}[${c.b}]`,
    forward: (c) => `look up the rows of ${c.code.a} that ${c.code.b} names`,
    back: () => "each row gets the gradients of the places where it was looked up; rows that were not get 0",
  },
  _scaled_dot_product_flash_attention_for_cpu: {
    formula: (c) => `attention(${c.list()})`,
    forward: () => "let every position take a weighted mean of the values at the positions it attends to",
    back: (c, argument) => (argument === "value" ? "a value gets the gradients of all positions that attended to it, by weight" : "queries and keys get what would shift the attention's weights"),
  },
  softmax: math("softmax", () => "shares add up to 1: raising one lowers the others, so the gradient's mean (by shares) is taken away", (c) => `turn ${c.code.a} into shares that add up to 1`),
  log_softmax: math("log_softmax", () => "the gradient, less the share of each number in the gradients' sum", (c) => `take the logarithm of ${c.code.a}'s shares (softmax)`),
  native_layer_norm: normalising("layer_norm", "a whole row", (c) => `shift and scale each row of ${c.code.a} to mean 0 and deviation 1`),
  native_batch_norm: normalising("batch_norm", "a whole channel", (c) => `shift and scale each channel of ${c.code.a} to mean 0 and deviation 1`),
  native_group_norm: normalising("group_norm", "a whole group of channels", (c) => `shift and scale each group of channels of ${c.code.a} to mean 0 and deviation 1`),
  max_pool2d: math("max_pool", () => "only the largest number of each window counts: it gets the window's gradient", (c) => `keep the largest number of each window of ${c.code.a}`),
  avg_pool2d: math("avg_pool", () => "each number of a window gets an equal share of the window's gradient", (c) => `take the mean of each window of ${c.code.a}`),
  adaptive_avg_pool2d: math("avg_pool", () => "each number of a window gets an equal share of the window's gradient", (c) => `take the mean of each window of ${c.code.a}`),

  mse_loss: lossOf((c) => `take the mean of the squared differences of ${c.code.a} and ${c.code.b}`, () => "the further off a prediction is, the more gradient it gets: 2 \u00b7 difference / n"),
  nll_loss: lossOf((c) => `take the mean of minus the log-probabilities that ${c.code.a} gives to the right answers`, () => "only the right answers' log-probabilities count: each gets \u22121/n of the gradient"),
  binary_cross_entropy: lossOf((c) => `measure how far the probabilities ${c.code.a} are from the labels ${c.code.b}`, () => "probabilities far from their label get more gradient"),
  binary_cross_entropy_with_logits: lossOf((c) => `measure how far \u03c3(${c.a}) is from the labels ${c.code.b}`, () => "each gets (\u03c3(z) \u2212 label) / n: how far its probability is from the label"),

  zero: { forward: (c) => `set every number of ${c.code.a} to 0`, back: () => "what was overwritten gets 0" },
  fill: { forward: (c) => `set every number of ${c.code.a} to ${c.arg("value") ?? "one value"}`, back: () => "what was overwritten gets 0" },
  clone: { formula: (c) => c.a, forward: (c) => `copy ${c.code.a}`, back: () => `a copy ${SAME}` },
  view: moving((c) => `read the numbers of ${c.code.a} in another shape`),
  permute: moving((c) => `reorder the dimensions of ${c.code.a}`),
  transpose: moving((c) => `swap two dimensions of ${c.code.a}`),
  t: { formula: (c) => `${c.a}.T`, ...moving((c) => `turn the rows of ${c.code.a} into columns`) },
  unsqueeze: moving((c) => `give ${c.code.a} one more dimension, of size 1`),
  squeeze: moving((c) => `drop dimensions of size 1 from ${c.code.a}`),
  cat: moving((c) => `put ${c.inputs} tensors one after the other`),
  stack: moving((c) => `put ${c.inputs} tensors on top of each other`),
  split: moving((c) => `cut ${c.code.a} into pieces`),
  select: { forward: (c) => `take one place of ${c.code.a}`, back: () => "what was taken gets the gradient, the rest gets 0" },
  slice: { forward: (c) => `take a part of ${c.code.a}`, back: () => "what was taken gets the gradient, the rest gets 0" },
  index: { forward: (c) => `take elements of ${c.code.a} by their places`, back: () => "what was taken gets the gradient, the rest gets 0" },
  gather: { forward: (c) => `take elements of ${c.code.a} by their places`, back: () => "what was taken gets the gradient, the rest gets 0" },
  expand: { forward: (c) => `repeat ${c.code.a} to a larger shape, without copying`, back: () => "a number that was repeated gets the gradients of all its repetitions, added up" },
  masked_fill: { forward: (c) => `write a constant into ${c.code.a} where the mask is true`, back: () => "what was overwritten gets 0, the rest gets the gradient" },
  where: { forward: (c) => "choose between two tensors, element by element", back: () => "the chosen one gets the gradient, the other gets 0" },
  dropout: math("dropout", () => "what was dropped gets 0; the rest gets the gradient, scaled like the forward"),
};

const ALIASES = {
  rsub: "sub", rsub_number: "sub", mm: "matmul", bmm: "matmul", mv: "matmul", dot: "matmul", vector_matmul: "matmul", baddbmm: "addmm", addmv: "addmm",
  pow_number: "pow", square: "pow", _unsafe_view: "view", reshape: "view", flatten: "view", alias: "view", _reshape_alias: "view", max_pool2d_with_indices: "max_pool2d",
  clamp_min: "clamp", clamp_max: "clamp", clamp_min_number: "clamp", clamp_max_number: "clamp", hardtanh: "clamp", unbind: "split", split_with_sizes: "split",
  index_select: "index", take: "index", nll_loss2d: "nll_loss", masked_zero: "masked_fill", layer_norm: "native_layer_norm", batch_norm: "native_batch_norm", conv2d: "convolution",
  scaled_dot_product_attention: "_scaled_dot_product_flash_attention_for_cpu",
};

const hasOwn = (table, key) => Object.prototype.hasOwnProperty.call(table, key);

export function ruleOf(operator) {
  if (operator === null || operator === undefined) return {};
  const name = hasOwn(ALIASES, operator) ? ALIASES[operator] : operator.replace(/_$/, "");
  return hasOwn(RULES, name) ? RULES[name] : {};
}

// What people call an operator that has a long name inside.
export function spoken(operator) {
  const names = { _scaled_dot_product_flash_attention_for_cpu: "attention", convolution: "conv", native_batch_norm: "batch_norm", native_layer_norm: "layer_norm", max_pool2d_with_indices: "max_pool2d" };
  return hasOwn(names, operator) ? names[operator] : operator.replace(/_number$/, "");
}

function share(n) {
  return { 1: "all", 2: "half", 3: "a third", 4: "a quarter", 5: "a fifth", 6: "a sixth", 10: "a tenth" }[n] ?? `1/${n}`;
}
