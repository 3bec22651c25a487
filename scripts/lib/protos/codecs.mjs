// The codecs of one .proto file as TypeScript: per message an interface, an encoder and a decoder; per service a table of methods.
// The code is as flat as hand-written codecs are: one line per field and direction, no table is looked up while it runs (N6).
import { relative } from 'node:path/posix';
import { camelCase, fieldOf } from './schema.mjs';

/** @param up where the file lies deeper than in the proto folder, the way back */
export function codecText(file, up) {
  const body = [...file.enums.map(enumText), ...file.messages.map(messageText), ...file.services.map(serviceText)].join(
    '\n',
  );
  const header = `// Generated from ${file.name} by \`npm run protos\`: edit that file, not this one.\n`;
  return `${header}${importText(file, up, body)}\n${body}`;
}

function importText(file, up, body) {
  const wire = `${up}${'../'.repeat(file.name.split('/').length - 1) || './'}wire`;
  const wanted = [
    [`${wire}/message.js`, ['type Init', 'type MethodShape']],
    [`${wire}/proto-reader.js`, ['EMPTY_BYTES', 'ProtoReader']],
    [`${wire}/proto-writer.js`, ['type ProtoWriter', 'sharedWriter']],
  ];
  const others = new Set(file.used.filter((object) => file.fileOf(object) !== file.name));
  for (const source of new Set([...others].map((object) => file.fileOf(object)))) {
    const from = relative(file.name.split('/').slice(0, -1).join('/'), source).replace('.proto', '.js');
    const names = [...others].filter((object) => file.fileOf(object) === source).map((object) => object.name);
    const parts = (name) => [`type ${name}`, `decode${name}`, `encode${name}`, `read${name}`, `write${name}`];
    wanted.push([from.startsWith('.') ? from : `./${from}`, names.flatMap(parts)]);
  }
  return wanted
    .map(([from, names]) => [from, names.filter((name) => new RegExp(`\\b${name.replace('type ', '')}\\b`).test(body))])
    .filter(([, names]) => names.length > 0)
    .map(([from, names]) => `import ${importList(names)} from '${from}';\n`)
    .sort()
    .join('');
}

function importList(names) {
  const isTypes = names.every((name) => name.startsWith('type '));
  return isTypes ? `type { ${names.map((name) => name.slice(5)).join(', ')} }` : `{ ${names.join(', ')} }`;
}

function comment(text, indent = '') {
  if (!text) return '';
  const lines = text.split('\n').map((line) => line.trim());
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

function enumText(type) {
  const values = Object.entries(type.values).map(
    ([name, value]) => `${comment(type.comments[name], '  ')}  ${name}: ${value},\n`,
  );
  return `${comment(type.comment)}export const ${type.name} = {\n${values.join('')}} as const;\n`;
}

function messageText(type) {
  const fields = type.fieldsArray.map(fieldOf).sort((a, b) => a.id - b.id);
  return [
    interfaceText(type, fields),
    emptyText(type, fields),
    encoderText(type, fields),
    decoderText(type, fields),
  ].join('\n');
}

function interfaceText(type, fields) {
  if (fields.length === 0)
    return `${comment(type.comment)}export type ${type.name} = Readonly<Record<string, never>>;\n`;
  const lines = fields.map(({ name, comment: text, single, isList, isPresence }) => {
    const kind = isList ? `readonly ${single}[]` : isPresence ? `${single} | undefined` : single;
    return `${comment(text, '  ')}  readonly ${name}: ${kind};\n`;
  });
  return `${comment(type.comment)}export interface ${type.name} {\n${lines.join('')}}\n`;
}

function emptyText({ name }, fields) {
  const zero = ({ isList, isPresence, zero: scalar }) => (isList ? '[]' : isPresence ? 'undefined' : scalar);
  const lines = fields.map((field) => `  ${field.name}: ${zero(field)},\n`);
  return fields.length === 0
    ? `const empty${name}: ${name} = {};\n`
    : `const empty${name}: ${name} = {\n${lines.join('')}};\n`;
}

function encoderText({ name }, fields) {
  const lines = [...fields].reverse().map((field) => `  ${writeLine(field)}\n`);
  const used = fields.length === 0 ? '_' : '';
  return `export function encode${name}(message: Init<${name}>): Uint8Array {
  return sharedWriter.encode(message, write${name});
}

/** Fields from last to first, as the writer asks. */
export function write${name}(${used}writer: ProtoWriter, ${used}message: Init<${name}>): void {
${lines.join('')}}
`;
}

function writeLine({ name, tag, method, single, isMessage, isList, isPresence }) {
  const value = `message.${name}`;
  if (isList && isMessage) return `if (${value}) writer.messages(${tag}, ${value}, write${single});`;
  if (isList) return `if (${value}) writer.packed(${tag}, ${value});`;
  if (isMessage) return `if (${value}) writer.message(${tag}, ${value}, write${single});`;
  if (isPresence) return `if (${value} !== undefined) writer.${method}(${tag}, ${value});`;
  if (method === 'bytes') return `if (${value}?.length) writer.bytes(${tag}, ${value});`;
  return `if (${value}) writer.${method}(${tag}, ${value});`;
}

function decoderText({ name }, fields) {
  const starts = fields.map(({ name: field, local, single, isList, isPresence }) => {
    const type = isList ? `: ${single}[]` : isPresence ? `: ${single} | undefined` : '';
    // What this reader made before may grow in place: copying it for each part of a message that comes in pieces would take for ever.
    const value = isList ? `base === empty${name} ? [] : (base.${field} as ${single}[])` : `base.${field}`;
    return `  ${isList ? 'const' : 'let'} ${local}${type} = ${value};\n`;
  });
  const cases = fields.map((field) => readCase(field, fields)).join('');
  const result = fields.map(({ name: field, local }) => (field === local ? field : `${field}: ${local}`)).join(', ');
  const loop =
    fields.length === 0
      ? '  while (reader.at < reader.end) reader.skip(reader.tag());\n  return base;\n'
      : `${starts.join('')}  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
${cases}      default: reader.skip(tag);
    }
  }
  return { ${result} };
`;
  return `export function decode${name}(bytes: Uint8Array): ${name} {
  return read${name}(new ProtoReader(bytes));
}

export function read${name}(reader: ProtoReader, base: ${name} = empty${name}): ${name} {
${loop}}
`;
}

function readCase({ local, tag, itemTag, method, single, isMessage, isList, others }, fields) {
  if (isList && isMessage) return `      case ${tag}: ${local}.push(reader.item().message(read${single})); break;\n`;
  if (isList) {
    const all = `for (const outer = reader.open(); ; ) {
        if (reader.at >= reader.end) {
          reader.close(outer);
          break;
        }
        ${local}.push(reader.item().${method}());
      }`;
    return `      case ${itemTag}: ${local}.push(reader.item().${method}()); break;\n      case ${tag}: ${all}\n      break;\n`;
  }
  const value = isMessage ? `reader.message(read${single}, ${local})` : `reader.${method}()`;
  const cleared = others.map((other) => ` ${fields.find((each) => each.name === other).local} = undefined;`).join('');
  return `      case ${tag}: ${local} = ${value};${cleared} break;\n`;
}

function serviceText(service) {
  const lines = service.methodsArray.map((method) => {
    const kind = method.requestStream
      ? method.responseStream
        ? 'bidi'
        : 'clientStream'
      : method.responseStream
        ? 'serverStream'
        : 'unary';
    const codec = ({ name }) => `{ encode: encode${name}, decode: decode${name} }`;
    const [request, response] = [method.resolvedRequestType, method.resolvedResponseType];
    const path = `/${service.fullName.slice(1)}/${method.name}`;
    const shape = `MethodShape<${request.name}, ${response.name}>`;
    return `${comment(method.comment, '  ')}  ${camelCase(method.name[0].toLowerCase() + method.name.slice(1))}: {
    path: '${path}',
    kind: '${kind}',
    request: ${codec(request)},
    response: ${codec(response)},
  } satisfies ${shape},\n`;
  });
  return `${comment(service.comment)}export const ${service.name.toLowerCase()}Methods = {\n${lines.join('')}} as const;\n`;
}
