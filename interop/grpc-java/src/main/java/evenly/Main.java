package evenly;

import com.google.gson.JsonObject;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.xds.XdsChannelCredentials;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Calls echo.EchoServer/SayHello in a loop and prints who answered, as ../README.md says. The bootstrap for xds targets
 * comes from GRPC_XDS_BOOTSTRAP or GRPC_XDS_BOOTSTRAP_CONFIG, as always in grpc-java.
 */
public final class Main {
  private static final long CALL_TIMEOUT_S = 10;
  private static final long PAUSE_AFTER_ANSWER_MS = 3;
  private static final long PAUSE_AFTER_FAILURE_MS = 100;

  /** Plaintext, but for xds targets whose service wants something else. */
  private static final ChannelCredentials PLAINTEXT_UNLESS_SAID =
      XdsChannelCredentials.create(InsecureChannelCredentials.create());

  public static void main(String[] calls) throws IOException {
    Map<String, Channel> channels = new HashMap<>();
    for (String call : calls) {
      String[] parts = call.split("#", 2);
      Channel channel = channels.computeIfAbsent(parts[0], Main::connect);
      Channel withHeader = parts.length == 2 ? withHeader(channel, parts[1]) : channel;
      Thread loop = new Thread(() -> callForever(withHeader, call), call);
      loop.setDaemon(true);
      loop.start();
    }
    // Whoever started this program holds its stdin: when that closes, nobody is left to read the answers.
    System.in.transferTo(OutputStream.nullOutputStream());
    Runtime.getRuntime().halt(0);
  }

  private static Channel connect(String target) {
    return Grpc.newChannelBuilder(target, PLAINTEXT_UNLESS_SAID).build();
  }

  /** @param header NAME=VALUE */
  private static Channel withHeader(Channel channel, String header) {
    String[] parts = header.split("=", 2);
    Metadata metadata = new Metadata();
    metadata.put(Metadata.Key.of(parts[0], Metadata.ASCII_STRING_MARSHALLER), parts[1]);
    return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(metadata));
  }

  private static void callForever(Channel channel, String call) {
    try {
      while (true) {
        JsonObject line = new JsonObject();
        line.addProperty("call", call);
        long pauseMs = PAUSE_AFTER_ANSWER_MS;
        try {
          String message = sayHello(channel);
          line.addProperty("from", message.substring(message.lastIndexOf(' ') + 1));
        } catch (StatusRuntimeException error) {
          line.addProperty("error", error.getStatus().getCode() + ": " + error.getStatus().getDescription());
          pauseMs = PAUSE_AFTER_FAILURE_MS;
        }
        System.out.println(line);
        Thread.sleep(pauseMs);
      }
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
  }

  private static String sayHello(Channel channel) {
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(CALL_TIMEOUT_S, TimeUnit.SECONDS);
    return ClientCalls.blockingUnaryCall(channel, Echo.SAY_HELLO, options, "Java");
  }
}
