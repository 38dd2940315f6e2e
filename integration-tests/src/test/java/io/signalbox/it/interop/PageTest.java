package io.signalbox.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.FixedPort;
import io.signalbox.it.wire.Peer;
import io.signalbox.it.wire.RawClient;
import io.signalbox.it.wire.Transport;
import io.signalbox.it.wire.Version;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the broker's page shows when something goes otherwise than wished. */
@Timeout(400)
final class PageTest {
  /** Where the page is scrolled to, and where that shows the list of messages. */
  private static final String VIEW =
      "scrollY + ' ' + document.getElementById('log').getBoundingClientRect().top";

  /** Types of packets (section 2.1.2). */
  private static final int PUBLISH = 3;

  private static final int PUBREL = 6;

  private BrokerUnderTest broker;
  private Chromium browser;
  private Path revoked;

  @TempDir Path profile;

  @BeforeEach
  void open() throws Exception {
    String executable = Program.find("chromium", "chromium");
    revoked = Files.writeString(profile.resolve("revoked.txt"), "");
    broker =
        BrokerUnderTest.prepare(
            "page",
            BrokerConfig.allowingAll()
                .policy("closed", denying("publish", "closed"))
                .yaml("auth: { jwt: { revoked-tokens-file: \"" + revoked + "\" } }\n")
                .listener(Transport.WSS, false, "none")
                .listener(Transport.WS, true, "none"));
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

  private static String denying(String action, String topics) {
    return """
    version: 1
    name: %s
    description: Nobody may %s %s.
    match: { everyone: true }
    statements:
      - id: %s
        effect: deny
        actions: [%s]
        topics: ["%s"]
    """
        .formatted("no-" + action, action, topics, action, action, topics);
  }

  private void openPage(String address, Transport transport) throws Exception {
    openLink(address, transport, broker.issueToken("alice", "browsers", "1h"));
  }

  private void openLink(String address, Transport transport, String token) throws Exception {
    int port = broker.endpoint(transport).address().getPort();
    browser.open(address + ":" + port + "/#token=" + token);
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

  private Peer device() throws IOException {
    Peer device = new Peer(RawClient.open(broker.endpoint(Transport.WS), Version.V5), "device");
    device.connect();
    return device;
  }

  private void awaitState(String state) throws Exception {
    browser.await("document.getElementById('status').dataset.state === '" + state + "'");
  }

  private void click(String button) throws Exception {
    browser.evaluate("document.getElementById('" + button + "').click()");
  }

  /** Connects anew with this version of the protocol. */
  private void use(Version version) throws Exception {
    click("disconnect");
    awaitState("offline");
    browser.evaluate(
        "document.getElementById('version').value = '" + (version.isV5() ? 5 : 4) + "'");
    click("connect");
    awaitState("online");
  }

  private void publish(String topic, int qos, String payload) throws Exception {
    publishValues("'" + topic + "'", qos, "'" + payload + "'");
  }

  /**
   * @param topic an expression of JavaScript
   * @param payload likewise
   */
  private void publishValues(String topic, int qos, String payload) throws Exception {
    browser.evaluate("document.getElementById('topic').value = " + topic);
    browser.evaluate("document.getElementById('publish-qos').value = '" + qos + "'");
    browser.evaluate("document.getElementById('payload').value = " + payload);
    click("publish");
  }

  private void awaitPublished(String words) throws Exception {
    browser.await("document.getElementById('published').textContent.includes('" + words + "')");
  }

  private void subscribe(String filter, int qos) throws Exception {
    browser.evaluate("document.getElementById('filter').value = '" + filter + "'");
    browser.evaluate("document.getElementById('subscribe-qos').value = '" + qos + "'");
    click("subscribe");
    browser.await(subscriptions() + ".split(',').includes('" + filter + " QoS " + qos + "')");
  }

  /** Each with the QoS that the page shows. */
  private static String subscriptions() {
    return "[...document.querySelectorAll('#subscriptions li')].map(li =>"
        + " [...li.querySelectorAll('code, span')].map(part => part.textContent).join(' '))"
        + ".join()";
  }

  /** Waits until the page shows that there is no connection. */
  private void stopBroker() throws Exception {
    broker.stop();
    awaitState("waiting");
  }

  private void awaitProblem(String words) throws Exception {
    browser.await("document.getElementById('problem').textContent.includes('" + words + "')");
  }

  /** Collects in {@code problems} what the page complains of, for it does not stay. */
  private void rememberProblems() throws Exception {
    browser.evaluate(
        """
        window.problems = [];
        new MutationObserver(() => problems.push(document.getElementById('problem').textContent))
            .observe(document.getElementById('problem'), { childList: true });
        """);
  }

  /** Publishes to both topics, of which the page is to be subscribed to the second alone. */
  private void assertReceives(String not, String only) throws Exception {
    publish(not, 1, "stray");
    awaitPublished(": " + not);
    publish(only, 1, "wanted");
    browser.await("document.getElementById('messages').innerText.includes('wanted')");
    assertEquals(
        only,
        browser.evaluate(
            "[...document.querySelectorAll('#messages code')].map(topic => topic.textContent)"
                + ".join()"));
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void keepsItsSubscriptionsWhenTheBrokerStartsAnew(Version version) throws Exception {
    use(version);
    subscribe("a/#", 1);
    rememberProblems();
    stopBroker();
    if (version.isV5()) {
      browser.await("problems.includes('The broker is shutting down.')");
    }

    broker.restart();

    awaitState("online");
    browser.await("document.getElementById('problem').hidden");
    assertEquals("a/# QoS 1", browser.evaluate(subscriptions()));
    publish("a/b", 1, "still here");
    browser.await("document.querySelector('#messages li').innerText.includes('still here')");
  }

  @Test
  void removesASubscriptionWhileThereIsNoConnection() throws Exception {
    subscribe("a/#", 1);
    subscribe("b/#", 1);
    stopBroker();

    browser.evaluate("document.querySelector('#subscriptions button').click()");
    browser.await(subscriptions() + " === 'b/# QoS 1'");

    broker.restart();
    awaitState("online");
    assertReceives("a/a", "b/b");
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void tellsWhatABrokerWithOtherPoliciesRefusesAndKeepsTheRest(Version version) throws Exception {
    use(version);
    subscribe("a/#", 1);
    subscribe("b/#", 1);
    stopBroker();
    Files.writeString(
        broker.configFile().resolveSibling("policies").resolve("no-subscribe.policy.yaml"),
        denying("subscribe", "a/#"));

    broker.restart();

    awaitProblem("No longer subscribed to \"a/#\"");
    assertEquals("b/# QoS 1", browser.evaluate(subscriptions()));
    stopBroker();
    broker.restart();
    awaitState("online");
    assertReceives("a/a", "b/b");
  }

  @Test
  void isNotSubscribedLaterToWhatItCouldNotSubscribeTo() throws Exception {
    subscribe("b/#", 1);
    browser.evaluate(
        """
        (() => {
          const send = WebSocket.prototype.send;
          WebSocket.prototype.send = function () {
            WebSocket.prototype.send = send;
            this.close();
          };
        })()
        """);
    browser.evaluate("document.getElementById('filter').value = 'a/#'");

    click("subscribe");

    awaitProblem("Cannot subscribe to \"a/#\"");
    awaitState("online");
    assertEquals("b/# QoS 1", browser.evaluate(subscriptions()));
    assertReceives("a/a", "b/b");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void saysInBothVersionsThatAPublishIsRefusedAndGoesOn(int qos) throws Exception {
    for (Version version : Version.values()) {
      use(version);

      publish("closed", qos, "refused");

      awaitPublished((version.isV5() ? "Not" : "Maybe not") + " published to closed");
      awaitPublished("no policy allows it");
      awaitState("online");
      publish("open", qos, "taken");
      awaitPublished(": open");
    }
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

    awaitProblem("policy allows it");
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

  @Test
  void saysOfAPayloadThatIsNoTextHowMuchOfItIsShown() throws Exception {
    subscribe("a", 0);
    try (Peer device = device()) {
      for (int bytes : new int[] {3_333, 3_334}) {
        byte[] payload = new byte[bytes];
        Arrays.fill(payload, (byte) 0xFF);
        device.publish("a", 1, publish -> publish.payload(payload));
      }
    }

    browser.await("document.querySelectorAll('#messages pre').length === 2");

    assertEquals("ff ff", browser.evaluate(shown(0) + ".slice(-5)"));
    assertEquals("ff ff… (3334 bytes)", browser.evaluate(shown(1) + ".slice(-19)"));
  }

  private static String shown(int index) {
    return "document.querySelectorAll('#messages pre')[" + index + "].textContent";
  }

  @Test
  void lowersTheQosOfASubscription() throws Exception {
    subscribe("a", 2);

    subscribe("a", 0);

    try (Peer device = device()) {
      device.publish("a", 1, "at most once");
    }
    browser.await("document.querySelector('#messages li').innerText.includes('at most once')");
    assertEquals("QoS 0", browser.evaluate("document.querySelector('#messages span').textContent"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://localhost", "http://broker.example"})
  void connectsToAListenerWithoutTls(String address) throws Exception {
    openPage(address, Transport.WS);

    browser.await("location.protocol === 'http:'");
    awaitState("online");
    assertEquals("", browser.evaluate("location.hash"));
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void logsInWhereUserNamesMustBeAClaimOfTheToken(Version version) throws Exception {
    use(version);
    stopBroker();
    Path config = broker.configFile();
    Files.writeString(
        config,
        Files.readString(config).replace("auth: { jwt: {", "auth: { jwt: { user-name-claim: sub,"));

    broker.restart();

    awaitState("online");
  }

  @Test
  void takesTheTokenOfAnotherLinkInTheSameTab() throws Exception {
    subscribe("a/#", 1);
    browser.evaluate("location.hash = 'token=nonsense'");
    browser.await("document.getElementById('problem').textContent.startsWith('This is no token')");
    assertEquals("", browser.evaluate("location.hash"));
    assertEquals("online", browser.evaluate("document.getElementById('status').dataset.state"));
    assertEquals(
        "a/#", browser.evaluate("document.querySelector('#subscriptions code').textContent"));

    openLinkInTheSameTab("bob");
    assertEquals("", browser.evaluate(subscriptions()));

    click("disconnect");
    awaitState("offline");
    openLinkInTheSameTab("carol");
  }

  private void openLinkInTheSameTab(String subject) throws Exception {
    openLink("https://localhost", Transport.WSS, broker.issueToken(subject, "browsers", "1h"));

    browser.await(
        "document.getElementById('status').textContent.startsWith('Connected as " + subject + "')");
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

  @ParameterizedTest
  @EnumSource(Version.class)
  void doesNotPublishAgainWhatTheBrokerHadNotAcknowledged(Version version) throws Exception {
    use(version);
    try (Peer device = device()) {
      device.subscribe("q", 2);
      for (int last : new int[] {PUBLISH, PUBREL}) {
        closeAfter(last);

        publish("q", 2, "ended by " + last);

        awaitPublished("Maybe not published to q: the connection ended before the broker");
        awaitState("online");
        device.acknowledge(device.receivePublish("ended by " + last));
        awaitPublished("it may have been published");
      }
      publish("q", 2, "last");
      device.acknowledge(device.receivePublish("last"));
      awaitPublished("Acknowledged");
    }
  }

  /** Ends the connection as soon as the page has sent a packet of this type, once. */
  private void closeAfter(int type) throws Exception {
    browser.evaluate(
        """
        (() => {
          const send = WebSocket.prototype.send;
          WebSocket.prototype.send = function (data) {
            send.call(this, data);
            if (data[0] >> 4 === %d) {
              WebSocket.prototype.send = send;
              this.close();
            }
          };
        })()
        """
            .formatted(type));
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void refusesItselfWhatIsNoPacketAndKeepsItsSubscriptions(Version version) throws Exception {
    use(version);
    subscribe("a/#", 1);
    browser.evaluate(
        """
        window.states = 0;
        new MutationObserver(() => states++)
            .observe(document.getElementById('status'), { attributes: true });
        """);

    publish("a/#", 1, "to many");
    awaitPublished("Not published to a/#: a message goes to one topic");
    publishValues("'a'.repeat(65536)", 0, "''");
    awaitPublished("the topic has 65536 bytes, and 65535 are possible");
    publishValues("'a\\0b'", 2, "''");
    awaitPublished("the topic has the character U+0000");
    browser.evaluate("document.getElementById('filter').value = 'a'.repeat(65536)");
    click("subscribe");
    awaitProblem("the topic filter has 65536 bytes, and 65535 are possible");
    if (version.isV5()) {
      publishValues("'a/a'", 1, "'b'.repeat(1048576 - 11)");
      awaitPublished("it would be a packet of 1048577 bytes, and the broker takes 1048576");
      publishValues("'a/a'", 1, "'b'.repeat(1048576 - 12)");
      awaitPublished("Acknowledged");
      browser.await("document.querySelectorAll('#messages li').length === 1");
    }

    assertEquals("0", browser.evaluate("states"));
    assertEquals("online", browser.evaluate("document.getElementById('status').dataset.state"));
    if (!version.isV5()) { // It is told nothing of the broker's limit.
      publishValues("'a/a'", 1, "'b'.repeat(1048576)");
      awaitPublished("1048587 bytes are too many");
      awaitState("online");
    }
    assertEquals("a/# QoS 1", browser.evaluate(subscriptions()));
  }

  @Test
  void connectsByAnIpv6Address() throws Exception {
    assumeTrue(hasIpv6(), "no IPv6 on this machine");
    click("disconnect");
    awaitState("offline");
    broker.stop();
    Path config = broker.configFile();
    Files.writeString(config, Files.readString(config).replace("bind: 127.0.0.1", "bind: '::1'"));
    broker.restart();

    for (Transport transport : new Transport[] {Transport.WSS, Transport.WS}) {
      openPage(transport.isTls() ? "https://[::1]" : "http://[::1]", transport);

      browser.await("location.protocol === '" + (transport.isTls() ? "https:" : "http:") + "'");
      awaitState("online");
    }
  }

  private static boolean hasIpv6() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.ofLiteral("::1"))) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void saysOfEachAttemptWhyItFailsAndDoesNotMoveWhatIsRead() throws Exception {
    browser.resize(400, 600);
    rememberProblems();
    rememberPauses();
    browser.evaluate("scrollTo(0, document.body.scrollHeight); ''");
    String url = "wss://localhost:" + broker.endpoint(Transport.WSS).address().getPort() + "/mqtt";
    Path config = broker.configFile();
    String before = Files.readString(config);

    stopBroker();
    awaitProblem("No connection to " + url);
    String view = browser.evaluate(VIEW);
    Files.writeString(config, before.replaceFirst("type: wss", "type: wss\n    path: /other"));
    broker.restart();
    browser.evaluate("problems.length = 0; pauses.length = 0");
    browser.await("pauses.length > 5");

    awaitProblem("No connection to " + url);
    assertEquals("0", browser.evaluate("problems.length"));
    assertEquals(view, browser.evaluate(VIEW));
    assertEquals(
        "true",
        browser.evaluate("document.getElementById('problem').getBoundingClientRect().bottom < 0"));
    assertEquals("true", browser.evaluate("pauses.slice(-3).every(pause => pause >= 7500)"));

    broker.stop();
    Files.writeString(config, before);
    broker.restart();
    awaitState("online");
    browser.evaluate("pauses.length = 0");
    broker.kill9();
    browser.await("pauses.length > 3");
    for (int i = 0; i < 4; i++) {
      double pause = Double.parseDouble(browser.evaluate("pauses[" + i + "]"));
      double most = Math.min(2_000 << i, 15_000);
      assertTrue(pause >= most / 2 && pause <= most, i + ": " + pause);
    }
  }

  /**
   * Collects in {@code pauses} how long the page would wait before each attempt, and shortens it.
   */
  private void rememberPauses() throws Exception {
    browser.evaluate(
        """
        window.pauses = [];
        window.setInterval = (interval => (action, millis) => {
          if (millis > 15000) {
            return interval(action, millis);
          }
          pauses.push(millis);
          return interval(action, 50);
        })(setInterval);
        ''
        """);
  }

  @Test
  void leavesItToTheBrokerWhetherATokenHasEnded() throws Exception {
    browser.evaluate("Date.now = (now => () => now() + 7200000)(Date.now); ''");

    openLinkInTheSameTab("bob");

    String token = broker.issueToken("carol", "browsers", "1h");
    String forged = token.substring(0, token.lastIndexOf('.') + 1) + "A".repeat(86);
    openLink("https://localhost", Transport.WSS, forged);
    awaitProblem("by this computer\\'s clock it ended at");
    awaitState("offline");

    String longer = broker.issueToken("carol", "browsers", "24h");
    openLink("https://localhost", Transport.WSS, longer);
    awaitState("online");
    assertEquals(
        "Connected as carol until "
            + browser.evaluate(
                "new Date(JSON.parse(atob('"
                    + longer.substring(longer.indexOf('.') + 1, longer.lastIndexOf('.'))
                    + "')).exp * 1000)"
                    + ".toLocaleString()"),
        browser.evaluate("document.getElementById('status').textContent"));
  }

  @Test
  void saysThatTheBrowserOpensNoWebSocket() throws Exception {
    click("disconnect");
    awaitState("offline");
    browser.evaluate(
        "WebSocket = class { constructor() { throw new Error('no such thing'); } }; ''");

    click("connect");

    awaitProblem("Cannot connect: no such thing");
    awaitState("offline");
    assertEquals("false", browser.evaluate("document.getElementById('connect').disabled"));
  }

  @Test
  void endsAConnectionWhateverIsUnderWay() throws Exception {
    subscribe("a", 1);
    publish("b", 1, "taken");
    awaitPublished("Acknowledged");
    cutOff();
    publish("b", 1, "lost");
    assertEquals("", browser.evaluate("document.getElementById('published').textContent"));
    openPage("https://localhost", Transport.WSS);
    awaitPublished("Maybe not published to b: the connection ended");
    awaitState("online");

    cutOff();
    publish("b", 2, "lost");
    click("disconnect");
    awaitState("offline");
    awaitPublished("it may have been published");
    assertEquals("true", browser.evaluate("document.getElementById('problem').hidden"));
  }

  @Test
  void saysInTheBrokersWordsThatTheTokenWasRevoked() throws Exception {
    String id =
        browser.evaluate(
            """
            JSON.parse(atob(document.getElementById('token').value.split('.')[1]
                .replaceAll('-', '+').replaceAll('_', '/'))).jti
            """);

    Files.writeString(revoked, "local " + id + "\n");

    awaitProblem("The token was revoked");
    awaitState("offline");
  }

  @Test
  void saysThatTheNetworkIsGoneWhenItIsLookedAtAgain() throws Exception {
    subscribe("a", 1);
    cutOff();

    browser.evaluate("document.dispatchEvent(new Event('visibilitychange'))");

    awaitState("waiting");
    awaitState("online");
    publish("a", 1, "still here");
    browser.await("document.querySelector('#messages li').innerText.includes('still here')");
  }

  @Test
  void asksForASignOfLifeAndStaysConnectedWithIt() throws Exception {
    browser.evaluate(
        """
        window.timers = { set: [], cleared: [] };
        for (const [name, list] of [['setTimeout', 'set'], ['clearTimeout', 'cleared']]) {
          const real = window[name];
          window[name] = (...values) => {
            const timer = real(...values);
            if (name === 'clearTimeout') timers.cleared.push(values[0]);
            else if (values[1] === 5000) timers.set.push(timer);
            return timer;
          };
        }
        null
        """);

    browser.evaluate("dispatchEvent(new Event('online'))");

    browser.await("timers.set.length > 0 && timers.cleared.includes(timers.set[0])");
    assertEquals("online", browser.evaluate("document.getElementById('status').dataset.state"));
  }

  @Test
  void fieldsAreNotEnlargedOnATelephone() throws Exception {
    browser.touch();

    assertEquals(
        "",
        browser.evaluate(
            """
            [...document.querySelectorAll('input:not([type="checkbox"]), select, textarea')]
                .map(field => field.id + ' ' + getComputedStyle(field).fontSize)
                .filter(field => !(parseFloat(field.split(' ')[1]) >= 16)).join()
            """));
  }

  /** From now on nothing leaves by the connection that the page has, and nothing comes. */
  private void cutOff() throws Exception {
    browser.evaluate(
        """
        (() => {
          const { send, close } = WebSocket.prototype;
          let dead;
          WebSocket.prototype.send = function (data) {
            dead ??= this;
            if (this !== dead) {
              send.call(this, data);
            }
          };
          WebSocket.prototype.close = function () {
            if (this !== dead) {
              close.call(this);
            }
          };
        })()
        """);
  }

  @Test
  void saysNothingOfWhatArrivesWhileItDisconnects() throws Exception {
    browser.evaluate(
        """
        (() => {
          const send = WebSocket.prototype.send;
          WebSocket.prototype.send = function (data) {
            window.socket = this;
            WebSocket.prototype.send = send;
            send.call(this, data);
          };
        })()
        """);
    publish("b", 1, "b");
    awaitPublished("Acknowledged");

    browser.evaluate( // messages at QoS 1 that want an acknowledgement each
        """
        (() => {
          const packets = [];
          for (let id = 1; id <= 1000; id++) {
            packets.push(0x32, 7, 0, 1, 97, id >> 8, id & 0xFF, 0, 98);
          }
          const data = new Uint8Array(packets).buffer;
          socket.dispatchEvent(new MessageEvent('message', { data }));
          document.getElementById('disconnect').click();
        })()
        """);

    awaitState("offline");
    assertEquals("true", browser.evaluate("document.getElementById('problem').hidden"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"light", "dark"})
  void bordersOfFieldsCanBeSeen(String scheme) throws Exception {
    browser.preferColorScheme(scheme);

    assertEquals(
        "",
        browser.evaluate(
            """
            (() => {
              const luminance = color => {
                const [r, g, b] = color.match(/[0-9.]+/g).map(Number).map(v => v / 255)
                    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
              };
              const contrast = (one, other) => {
                const [a, b] = [luminance(one), luminance(other)].sort((x, y) => y - x);
                return (a + 0.05) / (b + 0.05);
              };
              const fields = 'input:not([type="checkbox"]), select, textarea, button.quiet';
              return [...document.querySelectorAll(fields)].flatMap(field => {
                const style = getComputedStyle(field);
                const around = getComputedStyle(field.closest('section')).backgroundColor;
                const inside = field.matches('button') ? around : style.backgroundColor;
                return [around, inside]
                    .filter(ground => !(contrast(style.borderTopColor, ground) >= 3))
                    .map(ground => field.id + ': ' + style.borderTopColor + ' on ' + ground);
              }).join();
            })()
            """));
  }
}
