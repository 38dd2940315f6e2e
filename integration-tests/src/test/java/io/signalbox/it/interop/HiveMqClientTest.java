package io.signalbox.it.interop;

import static io.signalbox.it.wire.PacketType.PUBLISH;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.hivemq.client.mqtt.MqttClientSslConfig;
import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3BlockingClient;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import com.hivemq.client.mqtt.mqtt3.message.publish.Mqtt3Publish;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAckReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The HiveMQ MQTT Client over TLS with a certificate and over WSS with a token. */
final class HiveMqClientTest {
  private static MqttClientSslConfig deviceTls() {
    PemFiles.Device device = InteropBroker.pump();
    return MqttClientSslConfig.builder()
        .keyManagerFactory(device.keys())
        .trustManagerFactory(device.trust())
        .build();
  }

  private static Mqtt5BlockingClient device5(String id) {
    return Mqtt5Client.builder()
        .identifier("pump-7:" + id)
        .serverHost("localhost")
        .serverPort(InteropBroker.port(Transport.TLS))
        .sslConfig(deviceTls())
        .buildBlocking();
  }

  private static Mqtt3BlockingClient device3(String id) {
    return Mqtt3Client.builder()
        .identifier("pump-7:" + id)
        .serverHost("localhost")
        .serverPort(InteropBroker.port(Transport.TLS))
        .sslConfig(deviceTls())
        .buildBlocking();
  }

  @Test
  @Spec3("MQTT-7.0.0-2")
  void exchangesEveryQosIn5WithACertificate() throws Exception {
    Mqtt5BlockingClient client = device5("hive5");
    assertEquals(Mqtt5ConnAckReasonCode.SUCCESS, client.connect().getReasonCode());
    try (Mqtt5BlockingClient.Mqtt5Publishes received =
        client.publishes(MqttGlobalPublishFilter.SUBSCRIBED)) {
      client.subscribeWith().topicFilter("devices/pump-7/hive5/#").qos(MqttQos.EXACTLY_ONCE).send();
      for (MqttQos qos : MqttQos.values()) {
        client
            .publishWith()
            .topic("devices/pump-7/hive5/" + qos.getCode())
            .qos(qos)
            .payload(new byte[] {(byte) qos.getCode()})
            .contentType("application/octet-stream")
            .send();
        Mqtt5Publish publish = received.receive(60, TimeUnit.SECONDS).orElseThrow();
        assertEquals(qos, publish.getQos());
        assertArrayEquals(new byte[] {(byte) qos.getCode()}, publish.getPayloadAsBytes());
        assertEquals("application/octet-stream", publish.getContentType().orElseThrow().toString());
      }
    }
    client.disconnect();
  }

  @Test
  @Spec3("MQTT-7.0.0-2")
  void exchangesEveryQosIn311WithACertificate() throws Exception {
    Mqtt3BlockingClient client = device3("hive3");
    client.connect();
    try (Mqtt3BlockingClient.Mqtt3Publishes received =
        client.publishes(MqttGlobalPublishFilter.SUBSCRIBED)) {
      client.subscribeWith().topicFilter("devices/pump-7/hive3/#").qos(MqttQos.EXACTLY_ONCE).send();
      for (MqttQos qos : MqttQos.values()) {
        client
            .publishWith()
            .topic("devices/pump-7/hive3/" + qos.getCode())
            .qos(qos)
            .payload(new byte[] {(byte) qos.getCode()})
            .send();
        Mqtt3Publish publish = received.receive(60, TimeUnit.SECONDS).orElseThrow();
        assertEquals(qos, publish.getQos());
      }
    }
    client.disconnect();
  }

  @Test
  @Behaviour(251)
  void aDeviceWithACertificateHearsAClientWithATokenOverWss() throws Exception {
    Mqtt5BlockingClient device = device5("commands");
    device.connect();
    try (Mqtt5BlockingClient.Mqtt5Publishes commands =
            device.publishes(MqttGlobalPublishFilter.SUBSCRIBED);
        Peer browser =
            new Peer(
                RawClient.open(InteropBroker.BROKER.endpoint(Transport.WSS), Version.V5),
                "alice:hive")) {
      browser.connect(connect -> connect.password(InteropBroker.browserToken()));
      browser.subscribe("devices/pump-7/answer/#", 2);
      device
          .subscribeWith()
          .topicFilter("devices/pump-7/cmd/hive")
          .qos(MqttQos.EXACTLY_ONCE)
          .send();
      for (MqttQos qos : MqttQos.values()) {
        browser.publish("devices/pump-7/cmd/hive", qos.getCode(), "command");
        assertEquals(qos, commands.receive(60, TimeUnit.SECONDS).orElseThrow().getQos());
        device.publishWith().topic("devices/pump-7/answer/" + qos.getCode()).qos(qos).send();
        Parsed answer = browser.receive(PUBLISH);
        assertEquals(qos.getCode(), answer.qos());
        browser.acknowledge(answer);
      }
    }
    device.disconnect();
  }
}
