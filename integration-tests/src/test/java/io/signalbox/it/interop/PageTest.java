package io.signalbox.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.FixedPort;
import io.signalbox.it.wire.Transport;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the broker's page shows when something goes otherwise than wished. */
@Timeout(400)
final class PageTest {
  private BrokerUnderTest broker;
  private Chromium browser;

  @TempDir Path profile;

  @BeforeEach
  void open() throws Exception {
    String executable = Program.find("chromium", "chromium");
    broker =
        BrokerUnderTest.prepare(
            "page",
            BrokerConfig.allowingAll()
                .listener(Transport.WSS, false, "none")
                .listener(Transport.WS, false, "none"));
    Path config = broker.configFile();
    Files.writeString(
        config, Files.readString(config).replaceFirst("port: 0", "port: " + FixedPort.free()));
    broker.restart();
    browser =
        Chromium.start(
            executable, profile, BrowserTest.serverKeyHash(broker.endpoint(Transport.WSS)));
    openPage("https://localhost", Transport.WSS);
    awaitState("online");
  }

  private void openPage(String address, Transport transport) throws Exception {
    browser.open(
        address
            + ":"
            + broker.endpoint(transport).address().getPort()
            + "/#token="
            + broker.issueToken("alice", "browsers", "1h"));
  }

  @AfterEach
  void close() {
    if (browser != null) {
      browser.close();
    }
    if (broker != null) {
      broker.close();
    }
  }

  private void awaitState(String state) throws Exception {
    browser.await("document.getElementById('status').dataset.state === '" + state + "'");
  }

  private void click(String button) throws Exception {
    browser.evaluate("document.getElementById('" + button + "').click()");
  }

  private void subscribe(String filter, int qos) throws Exception {
    browser.evaluate("document.getElementById('filter').value = '" + filter + "'");
    browser.evaluate("document.getElementById('subscribe-qos').value = '" + qos + "'");
    click("subscribe");
    browser.await(subscriptions() + " === '" + filter + " QoS " + qos + "'");
  }

  /** Each with the QoS that the page shows. */
  private static String subscriptions() {
    return "[...document.querySelectorAll('#subscriptions li')].map(li =>"
        + " [...li.querySelectorAll('code, span')].map(part => part.textContent).join(' '))"
        + ".join()";
  }

  @Test
  void keepsItsSubscriptionsWhenTheBrokerStartsAnew() throws Exception {
    subscribe("a/#", 1);
    broker.stop();
    awaitState("waiting");
    browser.await(
        "document.getElementById('problem').textContent === 'The broker is shutting down.'");

    broker.restart();

    awaitState("online");
    browser.await("document.getElementById('problem').hidden");
    assertEquals("a/# QoS 1", browser.evaluate(subscriptions()));
    browser.evaluate("document.getElementById('topic').value = 'a/b'");
    browser.evaluate("document.getElementById('payload').value = 'still here'");
    click("publish");
    browser.await("document.querySelector('#messages li').innerText.includes('still here')");
  }

  @Test
  void triesAgainWhenTheBrokerIsBusy() throws Exception {
    click("disconnect");
    awaitState("offline");
    answerConnectWith(0x89);

    click("connect");

    awaitState("online");
  }

  @Test
  void doesNotTryAgainWhatWouldBeRefusedAgain() throws Exception {
    click("disconnect");
    awaitState("offline");
    answerConnectWith(0x87);

    click("connect");

    browser.await("document.getElementById('problem').textContent.includes('policy allows it')");
    awaitState("offline");
  }

  /** Puts a CONNACK with this Reason Code in place of the next packet that the page receives. */
  private void answerConnectWith(int reasonCode) throws Exception {
    browser.evaluate(
        """
        (() => {
          const data = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data');
          Object.defineProperty(MessageEvent.prototype, 'data', {
            configurable: true,
            get() {
              Object.defineProperty(MessageEvent.prototype, 'data', data);
              return new Uint8Array([0x20, 3, 0, %d, 0]).buffer;
            },
          });
        })()
        """
            .formatted(reasonCode));
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://localhost", "http://broker.example"})
  void connectsToAListenerWithoutTls(String address) throws Exception {
    openPage(address, Transport.WS);

    browser.await("location.protocol === 'http:'");
    awaitState("online");
    assertEquals("", browser.evaluate("location.hash"));
  }

  @Test
  void disconnectEndsTheWaitForABrokerThatIsGone() throws Exception {
    broker.kill9();
    awaitState("waiting");

    click("disconnect");

    awaitState("offline");
    assertEquals("false", browser.evaluate("document.getElementById('connect').disabled"));
  }
}
