package io.signalbox.it.wire;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket by the JDK's own client, for headers and subprotocols of one's choice: what a program
 * or, with an origin, a page sends.
 */
public final class Upgrade {
  private final Endpoint endpoint;
  private final List<String[]> headers = new ArrayList<>();
  private final List<String> more = new ArrayList<>();

  public Upgrade(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  public Upgrade header(String name, String value) {
    headers.add(new String[] {name, value});
    return this;
  }

  /** Offered behind {@code mqtt}. */
  public Upgrade subprotocol(String name) {
    more.add(name);
    return this;
  }

  /**
   * Connects under that Client Identifier without a password.
   *
   * @return the Reason Code of CONNACK, or the HTTP status if there is no WebSocket
   */
  public int connect(String clientId) {
    try (HttpClient http = client()) {
      WebSocket.Builder builder = http.newWebSocketBuilder();
      headers.forEach(header -> builder.header(header[0], header[1]));
      builder.subprotocols("mqtt", more.toArray(String[]::new));
      var connAck = new CompletableFuture<Integer>();
      URI address =
          URI.create(
              (endpoint.tls() == null ? "ws" : "wss")
                  + "://localhost:"
                  + endpoint.address().getPort()
                  + "/mqtt");
      WebSocket socket = builder.buildAsync(address, new FirstAnswer(connAck)).join();
      byte[] connect = PacketBytes.connect(Version.V5).clientId(clientId).toBytes();
      socket.sendBinary(ByteBuffer.wrap(connect), true).join();
      int code = connAck.orTimeout(RawClient.PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
      socket.abort();
      return code;
    } catch (CompletionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException refused) {
        return refused.getResponse().statusCode();
      }
      throw e;
    }
  }

  private HttpClient client() {
    var tls = endpoint.tls();
    HttpClient.Builder builder = HttpClient.newBuilder();
    return tls == null ? builder.build() : builder.sslContext(tls).build();
  }

  /** The third byte behind the length, of a CONNACK. */
  private record FirstAnswer(CompletableFuture<Integer> reason) implements WebSocket.Listener {
    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
      reason.complete(data.get(3) & 0xFF);
      socket.request(1);
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      reason.completeExceptionally(error);
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket socket, int status, String why) {
      reason.completeExceptionally(new IllegalStateException("closed: " + status + " " + why));
      return null;
    }
  }
}
