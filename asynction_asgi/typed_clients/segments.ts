
function segment(name: string, value: unknown): string {
  const text = String(value);
  if (text === "" || /[/,?#]/.test(text)) {
    throw new RangeError(`${name} must be one segment of a namespace, without "/", ",", "?" and "#"`);
  }
  return text;
}
