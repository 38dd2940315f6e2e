package io.signalbox.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.Transport;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.mqttv5.client.IMqttMessageListener;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.common.MqttSubscription;
import org.junit.jupiter.api.Test;

/** Eclipse Paho in both its generations over TLS with a certificate, and over WSS with a token. */
final class PahoClientTest {
  private static String url(Transport transport) {
    return transport == Transport.TLS
        ? "ssl://localhost:" + InteropBroker.port(transport)
        : "wss://localhost:" + InteropBroker.port(transport) + "/mqtt";
  }

  @Test
  @Spec3("MQTT-7.0.0-2")
  void exchangesEveryQosIn311WithACertificate() throws Exception {
    exchange3(
        url(Transport.TLS),
        "pump-7:paho3",
        "devices/pump-7/paho3/",
        options -> options.setSocketFactory(InteropBroker.pump().tls().getSocketFactory()));
  }

  @Test
  @Spec3("MQTT-7.0.0-2")
  void exchangesEveryQosIn5WithACertificate() throws Exception {
    exchange5(
        url(Transport.TLS),
        "pump-7:paho5",
        "devices/pump-7/paho5/",
        options -> options.setSocketFactory(InteropBroker.pump().tls().getSocketFactory()));
  }

  @Test
  @Behaviour(251)
  void exchangesEveryQosIn311WithAToken() throws Exception {
    exchange3(
        url(Transport.WSS),
        "alice:paho3",
        "devices/any/cmd/paho3/",
        options -> {
          options.setSocketFactory(
              PemFiles.trusting(InteropBroker.BROKER.caFile()).getSocketFactory());
          options.setUserName("alice");
          options.setPassword(InteropBroker.browserToken().toCharArray());
        });
  }

  @Test
  @Behaviour(251)
  void exchangesEveryQosIn5WithAToken() throws Exception {
    exchange5(
        url(Transport.WSS),
        "alice:paho5",
        "devices/any/cmd/paho5/",
        options -> {
          options.setSocketFactory(
              PemFiles.trusting(InteropBroker.BROKER.caFile()).getSocketFactory());
          options.setPassword(InteropBroker.browserToken().getBytes(StandardCharsets.US_ASCII));
        });
  }

  private static void exchange3(
      String url, String id, String prefix, Consumer<MqttConnectOptions> setUp) throws Exception {
    BlockingQueue<String> received = new ArrayBlockingQueue<>(10);
    try (var client =
        new org.eclipse.paho.client.mqttv3.MqttClient(
            url, id, new org.eclipse.paho.client.mqttv3.persist.MemoryPersistence())) {
      MqttConnectOptions options = new MqttConnectOptions();
      options.setMqttVersion(MqttConnectOptions.MQTT_VERSION_3_1_1);
      options.setHttpsHostnameVerificationEnabled(
          false); // the CA is ours, the name is checked by others
      setUp.accept(options);
      client.connect(options);
      client.subscribe(
          prefix + "#",
          2,
          (name, message) ->
              received.add(
                  message.getQos()
                      + " "
                      + new String(message.getPayload(), StandardCharsets.UTF_8)));
      for (int qos = 0; qos <= 2; qos++) {
        client.publish(prefix + qos, ("m" + qos).getBytes(StandardCharsets.UTF_8), qos, false);
        assertEquals(qos + " m" + qos, received.poll(60, TimeUnit.SECONDS));
      }
      client.disconnect();
    }
  }

  private static void exchange5(
      String url, String id, String prefix, Consumer<MqttConnectionOptions> setUp)
      throws Exception {
    BlockingQueue<String> received = new ArrayBlockingQueue<>(10);
    var client =
        new org.eclipse.paho.mqttv5.client.MqttClient(
            url, id, new org.eclipse.paho.mqttv5.client.persist.MemoryPersistence());
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setHttpsHostnameVerificationEnabled(false);
    setUp.accept(options);
    client.connect(options);
    IMqttMessageListener listener =
        (name, message) ->
            received.add(
                message.getQos() + " " + new String(message.getPayload(), StandardCharsets.UTF_8));
    client.subscribe(
        new MqttSubscription[] {new MqttSubscription(prefix + "#", 2)},
        new IMqttMessageListener[] {listener});
    for (int qos = 0; qos <= 2; qos++) {
      client.publish(prefix + qos, ("m" + qos).getBytes(StandardCharsets.UTF_8), qos, false);
      assertEquals(qos + " m" + qos, received.poll(60, TimeUnit.SECONDS));
    }
    client.disconnect();
    client.close();
  }
}
