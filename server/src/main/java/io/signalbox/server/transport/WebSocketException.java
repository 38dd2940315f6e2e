package io.signalbox.server.transport;

import io.signalbox.server.metrics.Metrics.BadFrame;

/**
 * The peer broke RFC 6455; thrown by the decoder, caught once by the connection, which answers with
 * the code and closes.
 */
final class WebSocketException extends Exception {
  private final int closeCode;
  private final BadFrame problem;

  WebSocketException(int closeCode, BadFrame problem, String message) {
    // No stack trace: a hostile peer must not make us walk the stack for each frame.
    super(message, null, false, false);
    this.closeCode = closeCode;
    this.problem = problem;
  }

  BadFrame problem() {
    return problem;
  }

  /** Of RFC 6455 section 7.4.1. */
  int closeCode() {
    return closeCode;
  }
}
