// Makes mutants of the contracts: every place of the syntax tree where one of the rules below applies, changed once. Pure; the
// names are stable as long as the function in question is, so that a list of them can be kept.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

const otherOperators = {
  '<': ['<='], '<=': ['<'], '>': ['>='], '>=': ['>'], '==': ['!='], '!=': ['=='],
  '+': ['-'], '-': ['+'], '*': ['/'], '/': ['*'], '&&': ['||'], '||': ['&&'], '|': ['&'], '&': ['|'], '<<': ['>>'], '>>': ['<<'],
  '+=': ['-='], '-=': ['+='], '|=': ['&=', '='], '++': ['--'], '--': ['++'],
};

// Calls visit(node, function it is in) for every node.
function walk(node, visit, within = '') {
  if (Array.isArray(node)) {
    for (const child of node) walk(child, visit, within);
  } else if (node && typeof node === 'object') {
    if (node.nodeType === 'FunctionDefinition' || node.nodeType === 'ModifierDefinition') within = node.name || node.kind;
    if (node.nodeType) visit(node, within);
    for (const [key, child] of Object.entries(node)) {
      if (key !== 'typeDescriptions' && key !== 'documentation' && key !== 'nativeSrc') walk(child, visit, within);
    }
  }
}

const span = (node) => {
  const [start, length] = node.src.split(':').map(Number);
  return { start, end: start + length };
};

// What may be put in place of a node: [start, end, replacement], offsets in the file.
function changes(node, text) {
  const { start, end } = span(node);
  const source = text.slice(start, end);
  const out = [];
  const between = (left, right) => {
    const [from, to] = [left === undefined ? start : span(left).end, right === undefined ? end : span(right).start];
    const at = text.indexOf(node.operator, from);
    if (at < 0 || at >= to) throw new Error(`no operator ${node.operator} in: ${source}`);
    for (const other of otherOperators[node.operator] ?? []) out.push([at, at + node.operator.length, other]);
  };
  switch (node.nodeType) {
    case 'BinaryOperation': between(node.leftExpression, node.rightExpression); break;
    case 'Assignment': between(node.leftHandSide, node.rightHandSide); break;
    case 'UnaryOperation':
      if (node.operator === '!') out.push([start, start + 1, '']);
      else if (node.operator in otherOperators) node.prefix ? between(undefined, node.subExpression) : between(node.subExpression);
      break;
    case 'IfStatement': {
      const condition = span(node.condition);
      for (const value of ['true', 'false']) out.push([condition.start, condition.end, value]);
      break;
    }
    case 'Conditional': {
      const [yes, no] = [span(node.trueExpression), span(node.falseExpression)];
      out.push([start, end, text.slice(yes.start, yes.end)], [start, end, text.slice(no.start, no.end)]);
      break;
    }
    case 'ModifierInvocation': if (node.kind === 'modifierInvocation') out.push([start, end, '']); break;
    case 'ExpressionStatement':
    case 'EmitStatement': out.push([start, source.endsWith(';') ? end : end + 1, '']); break;
    case 'Literal':
      if (node.kind === 'number' && !source.startsWith('0x')) out.push([start, end, source.replace(/^[\d_]+/, (n) => `${BigInt(n.replaceAll('_', '')) + 1n}`)]);
      if (node.kind === 'bool') out.push([start, end, source === 'true' ? 'false' : 'true']);
      break;
    case 'YulLiteral': if (node.kind === 'number') out.push([start, end, `${BigInt(source) + 1n}`]); break;
    default:
  }
  return out;
}

const oneLine = (text) => text.replace(/\s+/g, ' ').trim();

// sources: { path: text } of all files; only those that `mine` says yes to are changed.
export function generate(sources, settings, readImport, mine) {
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }])),
    settings: { ...settings, outputSelection: { '*': { '': ['ast'] } } },
  };
  const output = JSON.parse(require('solc').compile(JSON.stringify(input), { import: readImport }));
  const mutants = [];
  for (const path of Object.keys(sources).filter(mine)) {
    const bytes = Buffer.from(sources[path]);
    if (bytes.length !== sources[path].length) throw new Error(`${path} is not ASCII: offsets of the syntax tree count bytes`);
    const text = sources[path];
    const seen = new Map();
    walk(output.sources[path].ast, (node, within) => {
      if (!node.src) return;
      for (const [start, end, replacement] of changes(node, text)) {
        // The line around the place, so that a reader sees what was changed.
        const from = Math.max(text.lastIndexOf('\n', start), start - 60);
        const until = Math.min(text.indexOf('\n', end), end + 30);
        const what = `${oneLine(text.slice(from, start))} [${oneLine(text.slice(start, end))} -> ${replacement}] ${oneLine(text.slice(end, until))}`;
        const base = `${path.replace(/^src\//, '')} ${within || 'file'}: ${oneLine(what)}`;
        const number = (seen.get(base) ?? 0) + 1;
        seen.set(base, number);
        mutants.push({ name: number === 1 ? base : `${base} #${number}`, path, start, end, replacement });
      }
    });
  }
  return mutants;
}

export function apply(sources, { path, start, end, replacement }) {
  const text = sources[path];
  return { ...sources, [path]: text.slice(0, start) + replacement + text.slice(end) };
}
