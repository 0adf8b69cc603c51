// Lines between boxes: rounded corners, and a parallel line beside another for what flows back.

export function rounded(points, radius = 7) {
  let path = `M${points[0].x} ${points[0].y}`;
  for (let i = 1; i < points.length - 1; i++) {
    const [before, corner, after] = [points[i - 1], points[i], points[i + 1]];
    const into = Math.min(radius, distance(before, corner) / 2);
    const out = Math.min(radius, distance(corner, after) / 2);
    const start = toward(corner, before, into);
    const end = toward(corner, after, out);
    path += `L${start.x} ${start.y}Q${corner.x} ${corner.y} ${end.x} ${end.y}`;
  }
  const last = points[points.length - 1];
  return `${path}L${last.x} ${last.y}`;
}

// The polyline moved to its left by `by`, as seen in its own direction.
export function beside(points, by) {
  const normals = [];
  for (let i = 1; i < points.length; i++) {
    const length = distance(points[i - 1], points[i]) || 1;
    normals.push({ x: (points[i].y - points[i - 1].y) / length, y: -(points[i].x - points[i - 1].x) / length });
  }
  return points.map((point, i) => {
    const a = normals[Math.max(0, i - 1)];
    const b = normals[Math.min(normals.length - 1, i)];
    const straight = Math.abs(a.x * b.x + a.y * b.y) > 0.99;
    return { x: point.x + by * (straight ? a.x : a.x + b.x), y: point.y + by * (straight ? a.y : a.y + b.y) };
  });
}

// From the bottom of one box to the top of another, over whatever lies between.
export function curve([from, to], by = 0) {
  const start = { x: from.x + from.width / 2 + by, y: from.y + from.height };
  const end = { x: to.x + to.width / 2 + by, y: to.y };
  const bend = Math.max(30, Math.abs(end.y - start.y) * 0.25);
  return [`M${start.x} ${start.y}C${start.x} ${start.y + bend} ${end.x} ${end.y - bend} ${end.x} ${end.y}`, `M${end.x} ${end.y}C${end.x} ${end.y - bend} ${start.x} ${start.y + bend} ${start.x} ${start.y}`];
}

const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

function toward(from, to, by) {
  const length = distance(from, to) || 1;
  return { x: round(from.x + ((to.x - from.x) * by) / length), y: round(from.y + ((to.y - from.y) * by) / length) };
}

const round = (x) => Math.round(x * 10) / 10;
