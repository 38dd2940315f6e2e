package io.signalbox.it.interop;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hivemq.client.mqtt.datatypes.MqttUtf8String;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.Mqtt5ClientConfig;
import com.hivemq.client.mqtt.mqtt5.auth.Mqtt5EnhancedAuthMechanism;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5ConnAckException;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5Auth;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5AuthBuilder;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5EnhancedAuthBuilder;
import com.hivemq.client.mqtt.mqtt5.message.connect.Mqtt5Connect;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAck;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAckReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.disconnect.Mqtt5Disconnect;
import io.signalbox.it.Behaviour;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.wire.ScramClient;
import io.signalbox.it.wire.Transport;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** SCRAM-SHA-256 by the enhanced authentication of the HiveMQ MQTT Client. */
final class HiveMqScramTest {
  private static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "hivemq-scram",
          BrokerConfig.open()
              .file(
                  "users",
                  "user - SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
                      + "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
                      + ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\n")
              .yaml("auth:\n  users-file: users\n"));

  private static final class Scram implements Mqtt5EnhancedAuthMechanism {
    private final String password;
    private ScramClient exchange = new ScramClient("user", "");
    private final CompletableFuture<Boolean> reauthenticated = new CompletableFuture<>();

    Scram(String password) {
      this.password = password;
    }

    @Override
    public MqttUtf8String getMethod() {
      return MqttUtf8String.of("SCRAM-SHA-256");
    }

    @Override
    public int getTimeout() {
      return 20;
    }

    @Override
    public CompletableFuture<Void> onAuth(
        Mqtt5ClientConfig config, Mqtt5Connect connect, Mqtt5EnhancedAuthBuilder builder) {
      exchange = new ScramClient("user", password);
      builder.data(exchange.first());
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Void> onReAuth(Mqtt5ClientConfig config, Mqtt5AuthBuilder builder) {
      exchange = new ScramClient("user", password);
      builder.data(exchange.first());
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Boolean> onContinue(
        Mqtt5ClientConfig config, Mqtt5Auth auth, Mqtt5AuthBuilder builder) {
      builder.data(exchange.last(bytes(auth.getData())));
      return CompletableFuture.completedFuture(true);
    }

    @Override
    public CompletableFuture<Boolean> onAuthSuccess(Mqtt5ClientConfig config, Mqtt5ConnAck ack) {
      return CompletableFuture.completedFuture(
          exchange.trusts(bytes(ack.getEnhancedAuth().orElseThrow().getData())));
    }

    @Override
    public CompletableFuture<Boolean> onReAuthSuccess(Mqtt5ClientConfig config, Mqtt5Auth auth) {
      boolean trusts = exchange.trusts(bytes(auth.getData()));
      reauthenticated.complete(trusts);
      return CompletableFuture.completedFuture(trusts);
    }

    @Override
    public void onAuthRejected(Mqtt5ClientConfig config, Mqtt5ConnAck ack) {}

    @Override
    public void onReAuthRejected(Mqtt5ClientConfig config, Mqtt5Disconnect disconnect) {
      reauthenticated.complete(false);
    }

    @Override
    public void onAuthError(Mqtt5ClientConfig config, Throwable cause) {}

    @Override
    public void onReAuthError(Mqtt5ClientConfig config, Throwable cause) {
      reauthenticated.completeExceptionally(cause);
    }

    private static byte[] bytes(Optional<ByteBuffer> data) {
      ByteBuffer buffer = data.orElseThrow();
      byte[] bytes = new byte[buffer.remaining()];
      buffer.get(bytes);
      return bytes;
    }
  }

  private static Mqtt5BlockingClient client(Scram scram) {
    return Mqtt5Client.builder()
        .identifier("scram-" + scram.password)
        .serverHost("localhost")
        .serverPort(BROKER.endpoint(Transport.TCP).address().getPort())
        .enhancedAuth(scram)
        .buildBlocking();
  }

  @Test
  @Behaviour({234, 239, 243})
  void connectsAndReauthenticates() throws Exception {
    Scram scram = new Scram("pencil");
    Mqtt5BlockingClient client = client(scram);
    assertEquals(Mqtt5ConnAckReasonCode.SUCCESS, client.connect().getReasonCode());
    client.reauth();
    assertTrue(scram.reauthenticated.get(60, TimeUnit.SECONDS));
    client.publishWith().topic("t").payload("x".getBytes(US_ASCII)).send();
    client.disconnect();
  }

  @Test
  void isRefusedWithAWrongPassword() {
    Mqtt5ConnAckException refused =
        assertThrows(Mqtt5ConnAckException.class, () -> client(new Scram("guess")).connect());
    assertEquals(Mqtt5ConnAckReasonCode.NOT_AUTHORIZED, refused.getMqttMessage().getReasonCode());
  }
}
