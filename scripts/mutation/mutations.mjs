// The mutations of a compiled file: comparisons, conditions, arithmetic, numbers and truth values, each turned into another.
import { readFileSync } from 'node:fs';
import ts from 'typescript';

const { SyntaxKind } = ts;

/** What stands in an operator's place. */
const operators = new Map([
  [SyntaxKind.LessThanToken, ['<=', '>=']],
  [SyntaxKind.LessThanEqualsToken, ['<', '>']],
  [SyntaxKind.GreaterThanToken, ['>=', '<=']],
  [SyntaxKind.GreaterThanEqualsToken, ['>', '<']],
  [SyntaxKind.EqualsEqualsEqualsToken, ['!==']],
  [SyntaxKind.ExclamationEqualsEqualsToken, ['===']],
  [SyntaxKind.AmpersandAmpersandToken, ['||']],
  [SyntaxKind.BarBarToken, ['&&']],
  [SyntaxKind.MinusToken, ['+']],
  [SyntaxKind.AsteriskToken, ['/']],
  [SyntaxKind.SlashToken, ['*']],
]);

/** Of the compiled file at `path`: `start` and `end` are offsets of characters, `text` is what stands there instead. */
export function mutationsOf(path) {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = [];
  const add = (node, ...texts) => {
    const [start, end] = [node.getStart(source), node.getEnd()];
    const { line } = source.getLineAndCharacterOfPosition(start);
    for (const text of texts)
      found.push({ file: path, line: line + 1, start, end, text, was: node.getText(source) });
  };
  const visit = (node) => {
    if (ts.isBinaryExpression(node))
      add(node.operatorToken, ...(operators.get(node.operatorToken.kind) ?? []));
    if (ts.isNumericLiteral(node)) add(node, Number(node.text) === 0 ? '1' : '0', `(${node.text} * 2 + 1)`);
    if (node.kind === SyntaxKind.TrueKeyword) add(node, 'false');
    if (node.kind === SyntaxKind.FalseKeyword) add(node, 'true');
    if (ts.isIfStatement(node)) add(node.expression, 'true', 'false');
    if (ts.isConditionalExpression(node)) add(node.condition, 'true', 'false');
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
