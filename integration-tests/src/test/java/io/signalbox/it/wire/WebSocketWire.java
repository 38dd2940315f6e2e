package io.signalbox.it.wire;

import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;

/** MQTT bytes in binary frames: one frame a write, pings answered, a Close frame is the end. */
final class WebSocketWire implements Wire {
  private final WebSocketClient socket;
  private byte[] rest = new byte[0];
  private int position;

  WebSocketWire(WebSocketClient socket) {
    this.socket = socket;
  }

  @Override
  public void write(byte[] bytes) throws IOException {
    socket.sendBinary(bytes);
  }

  @Override
  public int read(byte[] into, Duration timeout) throws IOException {
    while (position == rest.length) {
      if (!nextData(timeout)) {
        return -1;
      }
    }
    int count = Math.min(into.length, rest.length - position);
    System.arraycopy(rest, position, into, 0, count);
    position += count;
    return count;
  }

  private boolean nextData(Duration timeout) throws IOException {
    Frame frame;
    try {
      frame = socket.receive(timeout);
    } catch (EOFException e) {
      return false;
    }
    switch (frame.opcode()) {
      case Frame.BINARY, Frame.CONTINUATION -> {
        rest = frame.payload();
        position = 0;
      }
      case Frame.PING -> socket.send(true, Frame.PONG, frame.payload());
      case Frame.PONG -> {}
      case Frame.CLOSE -> {
        return false;
      }
      default -> throw new MalformedByServer("not a binary frame: " + frame); // [MQTT-6.0.0-1]
    }
    return true;
  }

  @Override
  public void reset() throws IOException {
    socket.reset();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
