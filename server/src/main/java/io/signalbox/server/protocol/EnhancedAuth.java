package io.signalbox.server.protocol;

import io.signalbox.server.auth.ExchangeAuthenticator.Exchange;
import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.Timer;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Properties;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a client whose CONNECT named an Authentication Method (MQTT 5.0 section 4.12):
 * the exchange of AUTH packets that is under way, at CONNECT or at a re-authentication.
 */
@ConfinedTo("the connection's I/O thread")
final class EnhancedAuth {
  private static final byte[] NO_DATA = {};

  private Connect connect;
  private final String method;
  private @Nullable Exchange exchange;
  private long epoch;
  private boolean awaited;
  private @Nullable Timer timer;
  private byte[] finalData = NO_DATA;

  /**
   * @param connect that named the method
   */
  EnhancedAuth(Connect connect, String method) {
    this.connect = connect;
    this.method = method;
  }

  /** That named the method; once it was accepted, without what only a CONNECT needs. */
  Connect connect() {
    return connect;
  }

  String method() {
    return method;
  }

  /**
   * An exchange begins.
   *
   * @param now {@link LiveClients#epoch}
   */
  void begin(Exchange begun, long now) {
    exchange = begun;
    epoch = now;
  }

  /** A re-authentication does not wait for its client for ever. */
  void limitedBy(Timer limit) {
    timer = limit;
  }

  /** Null while none is under way. */
  @Nullable Exchange exchange() {
    return exchange;
  }

  /** When the latest exchange began, in {@link LiveClients#epoch}. */
  long epoch() {
    return epoch;
  }

  /** The next AUTH packet is the client's. */
  void awaitClient() {
    awaited = true;
  }

  boolean isAwaited() {
    return awaited;
  }

  /** An AUTH packet came. */
  void taken() {
    awaited = false;
  }

  /**
   * It has succeeded.
   *
   * @param data for CONNACK
   */
  void over(byte[] data) {
    end();
    awaited = false;
    finalData = data;
    connect = // its will and its properties would be kept for as long as the connection lasts
        new Connect(
            connect.version(),
            connect.clientId(),
            connect.cleanStart(),
            connect.keepAliveSeconds(),
            null,
            connect.userName(),
            connect.password(),
            Properties.NONE);
  }

  /** For CONNACK; empty: nothing. */
  byte[] finalData() {
    return finalData;
  }

  /** Nobody waits for the exchange any more. Idempotent. */
  void end() {
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
    if (exchange != null) {
      exchange.end();
      exchange = null;
    }
  }
}
