// Repetition in a list of things in execution order: the blocks of a network, the iterations of a loop.

// Splits `signatures` into runs [{start, period, times}]: times > 1 says that the `period` signatures from `start` on occur
// `times` times in a row. A run needs `least(period)` occurrences.
export function runs(signatures, least = () => 3, longest = 64) {
  const found = [];
  let start = 0;
  while (start < signatures.length) {
    const best = longestRun(signatures, start, least, longest);
    found.push(best);
    start += best.period * best.times;
  }
  return found;
}

function longestRun(signatures, start, least, longest) {
  let best = { start, period: 1, times: 1 };
  const rest = signatures.length - start;
  for (let period = 1; period <= longest && 2 * period <= rest; period++) {
    if (signatures[start] !== signatures[start + period]) continue;
    let same = period; // how far the list goes on as it was one period before
    while (same < rest && signatures[start + same] === signatures[start + same - period]) same++;
    const times = Math.floor(same / period);
    if (times < least(period)) continue;
    // A shorter period that covers as much says more.
    if (best.times === 1 || times * period > best.times * best.period * 1.2) best = { start, period, times };
    if (times * period > rest * 0.8) break;
  }
  return best;
}
