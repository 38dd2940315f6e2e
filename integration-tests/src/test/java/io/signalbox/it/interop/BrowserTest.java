package io.signalbox.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.Behaviour;
import io.signalbox.it.Spec3;
import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.Parsed;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Objects;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The broker's own page in a real browser: MQTT.js over WSS with a token, exchanging messages with
 * a device that has a certificate.
 */
@Timeout(400)
final class BrowserTest {
  private static String serverKeyHash() throws Exception {
    return serverKeyHash(InteropBroker.BROKER.endpoint(Transport.WSS));
  }

  static String serverKeyHash(Endpoint endpoint) throws Exception {
    try (SSLSocket socket =
        (SSLSocket)
            Objects.requireNonNull(endpoint.tls())
                .getSocketFactory()
                .createSocket("localhost", endpoint.address().getPort())) {
      X509Certificate certificate = (X509Certificate) socket.getSession().getPeerCertificates()[0];
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(certificate.getPublicKey().getEncoded());
      return Base64.getEncoder().encodeToString(hash);
    }
  }

  private static Peer device(Version version) throws IOException {
    Endpoint endpoint =
        InteropBroker.BROKER.endpoint(Transport.TLS).with(InteropBroker.pump().tls());
    Peer device = new Peer(RawClient.open(endpoint, version), "pump-7:browser-test");
    device.connect();
    return device;
  }

  @Test
  @Spec3("MQTT-7.0.0-2")
  @Behaviour(251)
  void exchangesEveryQosWithADeviceInBothVersions(@TempDir Path profile) throws Exception {
    String executable = Program.find("chromium", "chromium");
    try (Chromium browser = Chromium.start(executable, profile, serverKeyHash())) {
      for (Version version : Version.values()) {
        openPage(browser, version);
        exchange(browser, version);
      }
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + Chromium.log(profile), e);
    }
  }

  @Test
  void connectsToThePathOfItsListenerAndNamesAnAddressThatDoesNotAnswer(@TempDir Path profile)
      throws Exception {
    String executable = Program.find("chromium", "chromium");
    BrokerConfig config =
        BrokerConfig.allowingAll()
            .listener(Transport.WSS, false, "none")
            .listenerYaml(Transport.WSS, "path: /ws");
    try (BrokerUnderTest broker = BrokerUnderTest.start("page-path", config)) {
      Endpoint endpoint = broker.endpoint(Transport.WSS);
      String host = "localhost:" + endpoint.address().getPort();
      String token = broker.issueToken("alice", "browsers", "1h");
      try (Chromium browser = Chromium.start(executable, profile, serverKeyHash(endpoint))) {
        browser.open("https://" + host + "/#token=" + token);
        browser.await("document.getElementById('status').dataset.state === 'online'");

        browser.evaluate("document.getElementById('disconnect').click()");
        browser.await("document.getElementById('status').dataset.state === 'offline'");
        browser.evaluate("document.documentElement.dataset.mqttPath = '/nothing here'");
        browser.evaluate("document.getElementById('connect').click()");
        browser.await(
            "document.getElementById('problem').textContent.includes('wss://"
                + host
                + "/nothing%20here')");
        assertEquals(
            "waiting", browser.evaluate("document.getElementById('status').dataset.state"));
      } catch (AssertionError e) {
        throw new AssertionError(e.getMessage() + "\n" + Chromium.log(profile), e);
      }
    }
  }

  /** The page as its link opens it: with the token in the fragment, which is gone afterwards. */
  private static void openPage(Chromium browser, Version version) throws Exception {
    String page = "https://localhost:" + InteropBroker.port(Transport.WSS) + "/";
    browser.open("about:blank");
    browser.open(page + "#token=" + InteropBroker.browserToken());
    browser.await("document.getElementById('status').dataset.state === 'online'");
    assertEquals("", browser.evaluate("location.hash"));
    if (!version.isV5()) {
      browser.evaluate("document.getElementById('disconnect').click()");
      browser.await("document.getElementById('status').dataset.state === 'offline'");
      browser.evaluate("document.getElementById('version').value = '4'");
      browser.evaluate("document.getElementById('connect').click()");
      browser.await("document.getElementById('status').dataset.state === 'online'");
    }
  }

  private static void exchange(Chromium browser, Version version) throws Exception {
    subscribe(browser, "devices/#");
    try (Peer device = device(version)) {
      device.subscribe("devices/pump-7/cmd/browser/#", 2);
      for (int qos = 0; qos <= 2; qos++) {
        String payload = "from the device at QoS " + qos + " in " + version;
        device.publish("devices/pump-7/data/" + qos, qos, payload);
        browser.await(
            "[...document.querySelectorAll('#messages li')].some(li =>"
                + " li.innerText.includes('"
                + payload
                + "') && li.innerText.includes('QoS "
                + qos
                + "'))");
        publish(
            browser, "devices/pump-7/cmd/browser/" + qos, qos, "from the browser at QoS " + qos);
        Parsed command = device.receivePublish("from the browser at QoS " + qos);
        assertEquals(qos, command.qos());
        device.acknowledge(command);
        browser.await(
            "document.getElementById('published').textContent.includes('devices/pump-7/cmd/browser/"
                + qos
                + "')");
      }
    }
  }

  private static void subscribe(Chromium browser, String filter) throws Exception {
    browser.evaluate(
        "document.getElementById('filter').value = '"
            + filter
            + "'; document.getElementById('subscribe-qos').value = '2';"
            + " document.getElementById('subscribe').click()");
    browser.await("document.querySelectorAll('#subscriptions li').length === 1");
  }

  private static void publish(Chromium browser, String topic, int qos, String payload)
      throws Exception {
    browser.evaluate(
        "document.getElementById('topic').value = '"
            + topic
            + "'; document.getElementById('payload').value = '"
            + payload
            + "'; document.getElementById('publish-qos').value = '"
            + qos
            + "'; document.getElementById('publish').click()");
  }
}
