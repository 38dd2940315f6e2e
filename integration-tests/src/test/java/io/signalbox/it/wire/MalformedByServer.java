package io.signalbox.it.wire;

/** The server sent bytes that the standard forbids; always a failed test. */
public final class MalformedByServer extends AssertionError {
  MalformedByServer(String message) {
    super(message);
  }
}
