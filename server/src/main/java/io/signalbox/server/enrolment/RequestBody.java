package io.signalbox.server.enrolment;

import io.undertow.io.Receiver;
import io.undertow.server.HttpServerExchange;
import java.util.function.Consumer;

/** Collects the small body of a request of anybody, without a thread waiting for it. */
final class RequestBody {
  private RequestBody() {}

  /**
   * @param bytesMax a longer body is not read
   * @param tooLarge answers then; the connection does not live on
   */
  static void receive(
      HttpServerExchange exchange,
      int bytesMax,
      Receiver.FullBytesCallback complete,
      Consumer<HttpServerExchange> tooLarge) {
    // Undertow makes room for the length that a request tells before it looks at the bound.
    if (exchange.getRequestContentLength() > bytesMax) {
      exchange.setPersistent(false);
      tooLarge.accept(exchange);
      return;
    }
    exchange.getRequestReceiver().setMaxBufferSize(bytesMax);
    exchange
        .getRequestReceiver()
        .receiveFullBytes(complete, (failed, _) -> tooLarge.accept(failed));
  }
}
