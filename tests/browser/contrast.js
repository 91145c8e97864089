// Returns the visible texts whose contrast with what they stand on is under 4.5, by WCAG 2's formula.
() => {
  const parse = (text) => text.match(/[\d.]+/g).map(Number);
  const channel = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const isRead = (node) =>
    [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()) &&
    node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    !node.closest("svg, .sr-only, .skip, [disabled]");
  return [...document.querySelectorAll("body *")].filter(isRead).flatMap((node) => {
    const pair = [luminance(parse(getComputedStyle(node).color)), luminance(ground(node))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    return ratio < 4.5 ? [`${node.className || node.tagName} ${ratio.toFixed(2)}: ${node.textContent.trim().slice(0, 40)}`] : [];
  });
}
