/** Python's grpcio (the C core of gRPC) as client of our server and as server for our client. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { createRuntime } from '../base/runtime.js';
import { GrpcClient } from '../client/grpc-client.js';
import { Metadata } from '../grpc/metadata.js';
import { Status } from '../grpc/status.js';
import { socketConnector } from '../node/connector.js';
import { createRealClock } from '../node/real-clock.js';
import { echoMethod, FAILURE_TEXT } from './testing/echo-service.js';
import { pythonWithGrpc, runChild } from './testing/child.js';
import { startOwnServer } from './testing/own-server.js';
import { until } from './testing/until.js';

const MIB = 2 ** 20;
const python = pythonWithGrpc();
const skip = python === undefined ? 'no Python 3 here imports grpc (Debian package python3-grpcio)' : false;

const CLIENT = `
import sys, grpc, threading, time
options = [('grpc.max_receive_message_length', -1), ('grpc.max_send_message_length', -1)]
channel = grpc.insecure_channel('127.0.0.1:' + sys.argv[1], options=options)
path = '/echo.Echo/'
ask = (('x-ask', 'hello'), ('x-ask-bin', bytes([0, 1, 254, 255])))
def check(call):
    assert ('x-answer', 'hello') in call.initial_metadata(), call.initial_metadata()
    assert ('x-answer-bin', bytes([0, 1, 254, 255])) in call.trailing_metadata(), call.trailing_metadata()
answer, call = channel.unary_unary(path + 'Say').with_call(b'hi', metadata=ask)
assert answer == b'hi'
check(call)
try:
    channel.unary_unary(path + 'Fail')(b'')
    assert False
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
    print(error.details())
    assert ('grpc-status-details-bin', bytes([8, 5, 255])) in error.trailing_metadata()
many = channel.unary_stream(path + 'Many')(b'1000', metadata=ask)
assert [int(m) for m in many] == list(range(1000))
check(many)
answer, call = channel.stream_unary(path + 'Count').with_call(iter([b'x' * 100] * 1000), metadata=ask)
assert answer == b'100000'
check(call)
assert list(channel.stream_stream(path + 'Chat')(iter([b'one', b'two', b'three']))) == [b'one', b'two', b'three']
try:
    channel.unary_unary(path + 'Wait')(b'', timeout=0.2)
    assert False
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
waiting = channel.unary_unary(path + 'Wait').future(b'')
threading.Timer(0.2, waiting.cancel).start()
try:
    waiting.result()
    assert False
except grpc.FutureCancelledError:
    pass
body = b'abcdefgh' * (8 * 1024 * 1024)
assert channel.unary_unary(path + 'Say')(body) == body
packed = b'ab' * 100000
assert channel.unary_unary(path + 'Say')(packed, compression=grpc.Compression.Gzip) == packed
flood = channel.unary_stream(path + 'Flood')(b'')
for _ in range(3):
    assert len(next(flood)) == 65536
    time.sleep(0.1)
flood.cancel()
print('done')
`;

const SERVER = `
import sys, grpc, time
from concurrent import futures
details = sys.argv[1]
def say(request, context):
    sent = dict(context.invocation_metadata())
    if 'x-ask' in sent:
        context.send_initial_metadata((('x-answer', sent['x-ask']),))
        context.set_trailing_metadata((('x-answer-bin', sent['x-ask-bin']),))
    return request
def fail(request, context):
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, details)
def wait(request, context):
    while context.is_active():
        time.sleep(0.01)
    print('over', flush=True)
    return b''
def many(request, context):
    for at in range(int(request)):
        yield str(at).encode()
def count(requests, context):
    return str(sum(len(each) for each in requests)).encode()
def chat(requests, context):
    yield from requests
handlers = {
    'Say': grpc.unary_unary_rpc_method_handler(say), 'Fail': grpc.unary_unary_rpc_method_handler(fail),
    'Wait': grpc.unary_unary_rpc_method_handler(wait), 'Many': grpc.unary_stream_rpc_method_handler(many),
    'Count': grpc.stream_unary_rpc_method_handler(count), 'Chat': grpc.stream_stream_rpc_method_handler(chat),
}
options = [('grpc.max_receive_message_length', -1), ('grpc.max_send_message_length', -1)]
server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=options)
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler('echo.Echo', handlers),))
print('port', server.add_insecure_port('127.0.0.1:0'), flush=True)
server.start()
sys.stdin.read()
server.stop(0)
`;

test('Python calls our server in all four kinds, with metadata, deadlines, cancellation, 64 MiB, gzip', {
  skip,
}, async (context) => {
  const { port, log, errors } = await startOwnServer(context);
  const { code, stdout, stderr } = await runChild(python ?? '', ['-c', CLIENT, String(port)]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(Buffer.from(stdout, 'latin1').toString().trim().split('\n'), [FAILURE_TEXT, 'done']);
  await until(() => log.cancelled.length === 2);
  assert.deepEqual(errors, []);
});

async function startPython(context: TestContext) {
  const child: ChildProcess = spawn(python ?? '', ['-c', SERVER, FAILURE_TEXT], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = { text: '' };
  child.stdout?.on('data', (chunk: Buffer) => void (said.text += String(chunk)));
  await until(() => /^port \d+\n/.test(said.text));
  const port = Number(/^port (\d+)/.exec(said.text)?.[1]);
  const client = new GrpcClient(
    { runtime: createRuntime(createRealClock()), connector: socketConnector({ host: '127.0.0.1', port }) },
    { messageBytesMax: 80 * MIB },
  );
  context.after(async () => {
    await client.destroy();
    child.stdin?.end();
    await once(child, 'exit');
  });
  return { client, said };
}

test('our client calls Python in all four kinds, with metadata, deadlines, cancellation, 64 MiB', {
  skip,
}, async (context) => {
  const { client, said } = await startPython(context);
  let late: Metadata | undefined;
  const metadata = new Metadata().set('x-ask', 'hello').set('x-ask-bin', Uint8Array.of(0, 254));
  const options = { metadata, onTrailer: (received: Metadata) => void (late = received) };
  assert.equal(String(Buffer.from(await client.unary(echoMethod('Say'), Buffer.from('hi'), options))), 'hi');
  assert.deepEqual(late?.getBinary('x-answer-bin'), Uint8Array.of(0, 254));
  await assert.rejects(client.unary(echoMethod('Fail'), Buffer.alloc(0)), {
    code: Status.FAILED_PRECONDITION,
    message: FAILURE_TEXT,
    delivery: 'answered',
  });
  const numbers: number[] = [];
  for await (const each of client.serverStream(echoMethod('Many'), Buffer.from('1000')))
    numbers.push(Number(String(Buffer.from(each))));
  assert.deepEqual(
    numbers,
    Array.from({ length: 1000 }, (_, at) => at),
  );
  const requests = Array.from({ length: 1000 }, () => new Uint8Array(100));
  assert.equal(String(Buffer.from(await client.clientStream(echoMethod('Count'), requests))), '100000');
  const answers: string[] = [];
  for await (const each of client.bidi(echoMethod('Chat'), [Buffer.from('one'), Buffer.from('two')]))
    answers.push(String(Buffer.from(each)));
  assert.deepEqual(answers, ['one', 'two']);
  await assert.rejects(client.unary(echoMethod('Wait'), Buffer.alloc(0), { timeoutMs: 100 }), {
    code: Status.DEADLINE_EXCEEDED,
  });
  await until(() => said.text.includes('over'));
  const body = Buffer.alloc(64 * MIB, 'abcdefgh');
  assert.ok(Buffer.from(await client.unary(echoMethod('Say'), body)).equals(body));
});
