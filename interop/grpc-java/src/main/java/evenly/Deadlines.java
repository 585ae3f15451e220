package evenly;

import com.google.gson.Gson;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ConnectivityState;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Calls that run into their deadline, from both sides, as ../README.md says.
 *
 * <pre>
 * Deadlines serve                              prints its port, and serves methods that are never done in time
 * Deadlines call TARGET METHOD COUNT TIMEOUT   prints how many calls ended with which status; TIMEOUT in ms, 0 = none
 * </pre>
 */
public final class Deadlines {
  private static final String SERVICE = "deadlines.Slow";
  private static final int CONCURRENCY = 100;

  public static void main(String[] arguments) throws Exception {
    Thread parent = new Thread(Deadlines::endWithParent);
    parent.setDaemon(true);
    parent.start();
    if (arguments[0].equals("serve")) serve();
    else call(arguments[1], arguments[2], Integer.parseInt(arguments[3]), Long.parseLong(arguments[4]));
  }

  /** Whoever started this program holds its stdin. */
  private static void endWithParent() {
    try {
      System.in.transferTo(OutputStream.nullOutputStream());
    } catch (IOException error) {
      // It is gone all the same.
    }
    Runtime.getRuntime().halt(0);
  }

  private static void serve() throws Exception {
    ServerServiceDefinition service =
        ServerServiceDefinition.builder(SERVICE)
            .addMethod(method("Heedless"), handler(stream -> {}))
            .addMethod(
                method("Heedful"),
                handler(stream -> onCancel(() -> stream.onError(Status.DEADLINE_EXCEEDED.asException()))))
            .addMethod(
                method("Cancelled"),
                handler(stream -> onCancel(() -> stream.onError(Status.CANCELLED.asException()))))
            .addMethod(method("Streaming"), handler(stream -> stream.onNext("first".getBytes())))
            .build();
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(service)
            .build()
            .start();
    System.out.println(server.getPort());
    server.awaitTermination();
  }

  private static void onCancel(Runnable action) {
    Context.current().addListener(context -> action.run(), Runnable::run);
  }

  private static ServerCallHandler<byte[], byte[]> handler(Consumer<ServerCallStreamObserver<byte[]>> does) {
    return ServerCalls.asyncServerStreamingCall(
        (request, stream) -> {
          ServerCallStreamObserver<byte[]> observer = (ServerCallStreamObserver<byte[]>) stream;
          observer.setOnCancelHandler(() -> {});
          does.accept(observer);
        });
  }

  private static MethodDescriptor<byte[], byte[]> method(String name) {
    return MethodDescriptor.<byte[], byte[]>newBuilder()
        .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
        .setFullMethodName(SERVICE + "/" + name)
        .setRequestMarshaller(new RawMarshaller())
        .setResponseMarshaller(new RawMarshaller())
        .build();
  }

  /** Takes messages for bytes. */
  private static final class RawMarshaller implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] bytes) {
      return new ByteArrayInputStream(bytes);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException error) {
        throw Status.INTERNAL.withCause(error).asRuntimeException();
      }
    }
  }

  private static void call(String target, String path, int count, long timeoutMs) throws InterruptedException {
    ManagedChannel channel = Grpc.newChannelBuilder(target, InsecureChannelCredentials.create()).build();
    connect(channel);
    MethodDescriptor<byte[], byte[]> slow = method(path.substring(path.lastIndexOf('/') + 1));
    Map<String, Integer> ended = new TreeMap<>();
    ExecutorService callers = Executors.newFixedThreadPool(CONCURRENCY);
    for (int index = 0; index < count; index++) {
      callers.submit(
          () -> {
            String code = callOnce(channel, slow, timeoutMs);
            synchronized (ended) {
              ended.merge(code, 1, Integer::sum);
            }
          });
    }
    callers.shutdown();
    callers.awaitTermination(1, TimeUnit.HOURS);
    System.out.println(new Gson().toJson(ended));
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  /** The first connection of a Java program takes longer than the calls have. */
  private static void connect(ManagedChannel channel) throws InterruptedException {
    while (true) {
      ConnectivityState state = channel.getState(true);
      if (state == ConnectivityState.READY) return;
      CountDownLatch changed = new CountDownLatch(1);
      channel.notifyWhenStateChanged(state, changed::countDown);
      changed.await();
    }
  }

  private static String callOnce(Channel channel, MethodDescriptor<byte[], byte[]> slow, long timeoutMs) {
    CallOptions options = CallOptions.DEFAULT;
    if (timeoutMs > 0) options = options.withDeadlineAfter(timeoutMs, TimeUnit.MILLISECONDS);
    try {
      ClientCalls.blockingServerStreamingCall(channel, slow, options, "please".getBytes())
          .forEachRemaining(answer -> {});
      return "OK";
    } catch (StatusRuntimeException error) {
      return error.getStatus().getCode().name();
    }
  }

  private Deadlines() {}
}
