package evenly;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Makes the calls that its standard input asks for, and says of each what came of it, as ../README.md says. */
public final class AskedCalls {
  private static final int CALLS_AT_A_TIME = 64;

  /** A line of input. */
  private record Asked(
      int id, String target, String authority, String path, String[][] headers, long timeoutMs) {}

  /** One for each target and authority: kept for as long as somebody may call it again. */
  private static final Map<String, ManagedChannel> channels = new HashMap<>();

  public static void main(String[] args) throws IOException {
    Gson gson = new Gson();
    ExecutorService callers = Executors.newFixedThreadPool(CALLS_AT_A_TIME);
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Asked asked = gson.fromJson(line, Asked.class);
      ManagedChannel channel = channelTo(asked);
      callers.execute(() -> System.out.println(outcomeOf(asked, channel)));
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

  private static JsonObject outcomeOf(Asked asked, ManagedChannel channel) {
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
    JsonObject outcome = new JsonObject();
    outcome.addProperty("id", asked.id());
    try {
      CallOptions options =
          CallOptions.DEFAULT.withDeadlineAfter(asked.timeoutMs(), TimeUnit.MILLISECONDS);
      outcome.addProperty(
          "from",
          ClientCalls.blockingUnaryCall(
              ClientInterceptors.intercept(
                  channel, MetadataUtils.newAttachHeadersInterceptor(headers)),
              method,
              options,
              ""));
    } catch (StatusRuntimeException error) {
      outcome.addProperty("code", error.getStatus().getCode().name());
      outcome.addProperty("details", error.getStatus().getDescription());
    }
    return outcome;
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
