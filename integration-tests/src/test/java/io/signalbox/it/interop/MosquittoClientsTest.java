package io.signalbox.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.Transport;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** mosquitto_pub and mosquitto_sub with a device certificate. */
final class MosquittoClientsTest {
  private static final String SUCCESS = "";

  private final String pub = Program.find("mosquitto_pub", "mosquitto");
  private final String sub = Program.find("mosquitto_sub", "mosquitto");

  private static List<String> common(String program, String version, String id) {
    PemFiles.Device device = InteropBroker.pump();
    return Program.words(
        program,
        "-h",
        "localhost",
        "-p",
        InteropBroker.port(Transport.TLS),
        "--cafile",
        device.ca(),
        "--cert",
        device.certificate(),
        "--key",
        device.key(),
        "-i",
        "pump-7:" + id,
        "-V",
        version);
  }

  private static List<String> with(List<String> words, String... more) {
    List<String> all = new ArrayList<>(words);
    all.addAll(List.of(more));
    return all;
  }

  @ParameterizedTest
  @CsvSource({"mqttv311,0", "mqttv311,1", "mqttv311,2", "mqttv5,0", "mqttv5,1", "mqttv5,2"})
  @Spec3("MQTT-7.0.0-2")
  void publishAndSubscribeWithACertificate(String version, String qos) {
    String name = "devices/pump-7/state/" + version + "/" + qos;
    String payload = "hello at QoS " + qos + " in " + version;
    CommandLine.Result published =
        CommandLine.run(
            with(common(pub, version, "pub"), "-q", qos, "-r", "-t", name, "-m", payload));
    published.expectSuccess();
    assertEquals(SUCCESS, published.err());
    CommandLine.Result received =
        CommandLine.run(
            with(common(sub, version, "sub"), "-q", qos, "-t", name, "-C", "1", "-W", "20"));
    received.expectSuccess();
    assertEquals(payload, received.out().strip());
  }

  @ParameterizedTest
  @ValueSource(strings = {"mqttv311", "mqttv5"})
  @Behaviour({98, 170})
  void aTopicOfAnotherDeviceIsRefused(String version) {
    CommandLine.Result subscribed =
        CommandLine.run(
            with(
                common(sub, version, "refused"),
                "-q",
                "1",
                "-t",
                "devices/pump-8/data",
                "-C",
                "1",
                "-W",
                "5"));
    assertTrue(
        subscribed.err().contains("All subscription requests were denied"), subscribed.err());
  }
}
