package evenly;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** echo.EchoServer: requests and replies are one string in field 1, so no generated code is needed. */
final class Echo {
  static final MethodDescriptor<String, String> SAY_HELLO =
      MethodDescriptor.<String, String>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("echo.EchoServer/SayHello")
          .setRequestMarshaller(new TextMarshaller())
          .setResponseMarshaller(new TextMarshaller())
          .build();

  private static final class TextMarshaller implements MethodDescriptor.Marshaller<String> {
    @Override
    public InputStream stream(String text) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try {
        CodedOutputStream output = CodedOutputStream.newInstance(bytes);
        output.writeString(1, text);
        output.flush();
      } catch (IOException error) {
        throw Status.INTERNAL.withCause(error).asRuntimeException();
      }
      return new ByteArrayInputStream(bytes.toByteArray());
    }

    @Override
    public String parse(InputStream stream) {
      try {
        CodedInputStream input = CodedInputStream.newInstance(stream);
        String text = "";
        for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
          if (WireFormat.getTagFieldNumber(tag) == 1) text = input.readStringRequireUtf8();
          else input.skipField(tag);
        }
        return text;
      } catch (IOException error) {
        throw Status.INTERNAL.withDescription("not an EchoReply").withCause(error).asRuntimeException();
      }
    }
  }

  private Echo() {}
}
