// No file above 600 lines; one above 400 says why in its header: "Longer than 400 lines because …".
import { isCode, parse } from '../lib/source.mjs';

const LINES_MAX = 600;
const LINES_EXPLAINED = 400;
const PHRASE = 'Longer than 400 lines because';

export const title = 'file size';

/** Text of the comments before the first statement. */
function header(file) {
  const { program, comments } = parse(file);
  const first = program.body[0]?.start ?? file.text.length;
  return comments
    .filter((comment) => comment.end <= first)
    .map((comment) => comment.value)
    .join(' ')
    .replace(/[\s*]+/g, ' ');
}

/** Findings over `{ path, text }` files. */
export function check(files) {
  return files
    .filter((file) => isCode(file.path))
    .flatMap((file) => {
      const lines = file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0);
      if (lines > LINES_MAX)
        return [{ path: file.path, line: lines, message: `${lines} lines, ${LINES_MAX} is the most` }];
      if (lines <= LINES_EXPLAINED || header(file).includes(PHRASE)) return [];
      return [
        { path: file.path, line: 1, message: `${lines} lines: the header must say "${PHRASE} …", or split the file` },
      ];
    });
}
