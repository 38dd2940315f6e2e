package io.signalbox.server.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The command line's end. */
public final class ControlClient {
  private ControlClient() {}

  /**
   * Asks the broker of a data directory and waits for its answer.
   *
   * @return what it said; empty when no broker serves the directory
   * @throws RequestFailure the broker could not do it
   * @throws IOException the broker was there and went away
   */
  public static Optional<String> ask(Path dataDirectory, String request)
      throws RequestFailure, IOException {
    Path file = ControlSocket.fileIn(dataDirectory.toAbsolutePath().normalize());
    if (request.indexOf('\n') >= 0) {
      throw new RequestFailure("a request is one line");
    }
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    SocketChannel channel;
    try {
      channel = SocketChannel.open(UnixDomainSocketAddress.of(file));
    } catch (IOException e) {
      return Optional.empty(); // left behind by a process that was killed
    }
    try (channel) {
      OutputStream out = Channels.newOutputStream(channel);
      out.write((request + "\n").getBytes(UTF_8));
      String answer = new String(Channels.newInputStream(channel).readAllBytes(), UTF_8);
      int end = answer.indexOf('\n');
      String text = answer.substring(end + 1).stripTrailing();
      return switch (end < 0 ? "" : answer.substring(0, end)) {
        case "ok" -> Optional.of(text);
        case "failed" -> throw new RequestFailure(text);
        default -> throw new IOException("the broker went away before it answered");
      };
    }
  }
}
