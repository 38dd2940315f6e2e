package io.signalbox.server.auth;

import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.principal.Peer;
import java.util.function.Consumer;

/**
 * Authentication by an exchange of AUTH packets under an Authentication Method (MQTT 5.0 section
 * 4.12). Any thread.
 */
public interface ExchangeAuthenticator {
  /** Whether there is such an Authentication Method here. */
  boolean knows(String method);

  /**
   * Begins an exchange, at CONNECT or at a re-authentication of a connected client.
   *
   * @param method one that is known
   * @param connect the packet that opened the connection
   */
  Exchange begin(String method, Connect connect, Peer peer);

  /** One exchange; confined to the connection's I/O thread. */
  interface Exchange {
    /**
     * The next Authentication Data of the client; must not block the thread. Called again only
     * after an answer to continue.
     *
     * @param data empty if the packet had none
     * @param answer called once, on {@code loop}, at once or later
     */
    void next(byte[] data, EventLoop loop, Consumer<Authentication> answer);

    /** It is over, one way or another; nothing else is called after. Idempotent. */
    default void end() {}
  }
}
