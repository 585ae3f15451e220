package evenly;

import io.grpc.InsecureServerCredentials;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCalls;
import io.grpc.xds.XdsServerBuilder;
import io.grpc.xds.XdsServerCredentials;
import java.io.IOException;
import java.io.OutputStream;

/** Answers SayHello with a name, as the control plane of the bootstrap says: arguments are a port and the name. */
public final class Server {
  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(args[0]);
    ServerServiceDefinition echo =
        ServerServiceDefinition.builder("echo.EchoServer")
            .addMethod(
                Echo.SAY_HELLO,
                ServerCalls.asyncUnaryCall(
                    (request, reply) -> {
                      reply.onNext("Hello from " + args[1]);
                      reply.onCompleted();
                    }))
            .build();
    XdsServerBuilder.forPort(port, XdsServerCredentials.create(InsecureServerCredentials.create()))
        .xdsServingStatusListener(new Log())
        .addService(echo)
        .build()
        .start();
    System.in.transferTo(OutputStream.nullOutputStream());
    Runtime.getRuntime().halt(0);
  }

  private static final class Log implements XdsServerBuilder.XdsServingStatusListener {
    @Override
    public void onServing() {
      System.err.println("serving");
    }

    @Override
    public void onNotServing(Throwable reason) {
      System.err.println("not serving " + reason);
    }
  }

  private Server() {}
}
