package evenly;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Makes the calls that its standard input asks for, and says of each what came of it, as ../README.md says. */
public final class AskedCalls {
  /** A line of input: a call to make, or the id of one to cancel. */
  private record Asked(
      int id, int cancel, String target, String authority, String path, String[][] headers, long timeoutMs) {}

  /** One for each target and authority: kept for as long as somebody may call it again. */
  private static final Map<String, ManagedChannel> channels = new HashMap<>();

  private static final Map<Integer, Future<String>> underWay = new ConcurrentHashMap<>();

  public static void main(String[] args) throws IOException {
    Gson gson = new Gson();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Asked asked = gson.fromJson(line, Asked.class);
      Future<String> cancelled = underWay.get(asked.cancel());
      if (cancelled != null) cancelled.cancel(true);
      else if (asked.cancel() == 0) make(asked, channelTo(asked));
    }
    Runtime.getRuntime().halt(0);
  }

  private static ManagedChannel channelTo(Asked asked) {
    return channels.computeIfAbsent(
        asked.target() + " " + asked.authority(),
        key -> {
          ManagedChannelBuilder<?> builder =
              Grpc.newChannelBuilder(asked.target(), InsecureChannelCredentials.create());
          if (asked.authority() != null) builder.overrideAuthority(asked.authority());
          return builder.build();
        });
  }

  private static void make(Asked asked, ManagedChannel channel) {
    MethodDescriptor<String, String> method =
        MethodDescriptor.<String, String>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(asked.path().substring(1))
            .setRequestMarshaller(new Raw())
            .setResponseMarshaller(new Raw())
            .build();
    Metadata headers = new Metadata();
    for (String[] header : asked.headers())
      headers.put(Metadata.Key.of(header[0], Metadata.ASCII_STRING_MARSHALLER), header[1]);
    Channel withHeaders =
        ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(asked.timeoutMs(), TimeUnit.MILLISECONDS);
    ListenableFuture<String> reply =
        ClientCalls.futureUnaryCall(withHeaders.newCall(method, options), "");
    underWay.put(asked.id(), reply);
    reply.addListener(() -> end(asked.id(), reply), Runnable::run);
  }

  private static void end(int id, Future<String> reply) {
    underWay.remove(id);
    JsonObject outcome = new JsonObject();
    outcome.addProperty("id", id);
    try {
      outcome.addProperty("from", reply.get());
    } catch (CancellationException cancelled) {
      outcome.addProperty("code", Status.Code.CANCELLED.name());
      outcome.addProperty("details", "cancelled by the caller");
    } catch (ExecutionException error) {
      Status status = Status.fromThrowable(error);
      outcome.addProperty("code", status.getCode().name());
      outcome.addProperty("details", status.getDescription());
    } catch (InterruptedException impossible) { // it is done
      Thread.currentThread().interrupt();
    }
    System.out.println(outcome);
  }

  /** Messages as they are: the backends answer with their name. */
  private static final class Raw implements MethodDescriptor.Marshaller<String> {
    @Override
    public InputStream stream(String text) {
      return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String parse(InputStream stream) {
      try {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException error) {
        throw Status.INTERNAL.withCause(error).asRuntimeException();
      }
    }
  }

  private AskedCalls() {}
}
