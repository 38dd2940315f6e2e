package io.signalbox.benchmarks;

import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * HiveMQ Community Edition as a process of its own, persistent, on one port of the loopback
 * address, with everybody welcome and its queues as long as a measurement needs.
 */
public final class HiveMq {
  private static final String CONFIG =
      """
      <hivemq>
        <listeners>
          <tcp-listener><port>%d</port><bind-address>127.0.0.1</bind-address></tcp-listener>
          %s
        </listeners>
        <mqtt>
          <queued-messages><max-queue-size>100000000</max-queue-size></queued-messages>
          <receive-maximum><server-receive-maximum>65535</server-receive-maximum></receive-maximum>
        </mqtt>
        <persistence><mode>file</mode></persistence>
        <anonymous-usage-statistics><enabled>false</enabled></anonymous-usage-statistics>
      </hivemq>
      """;

  private static final String MORE_LISTENERS =
      """
      <tls-tcp-listener>
        <port>%1$d</port><bind-address>127.0.0.1</bind-address>%4$s
      </tls-tcp-listener>
      <websocket-listener>
        <port>%2$d</port><bind-address>127.0.0.1</bind-address><path>/mqtt</path>
        <subprotocols><subprotocol>mqtt</subprotocol></subprotocols>
      </websocket-listener>
      <tls-websocket-listener>
        <port>%3$d</port><bind-address>127.0.0.1</bind-address><path>/mqtt</path>
        <subprotocols><subprotocol>mqtt</subprotocol></subprotocols>%4$s
      </tls-websocket-listener>
      """;

  private static final String TLS =
      """
      <tls>
        <keystore>
          <path>%s</path><password>benchmark</password>
          <private-key-password>benchmark</private-key-password>
        </keystore>
        <client-authentication-mode>NONE</client-authentication-mode>
      </tls>
      """;

  private HiveMq() {}

  /**
   * Arguments: an empty folder; the port of MQTT; a key store, to listen on the three ports above
   * with TLS, WebSocket and both.
   */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    int port = Integer.parseInt(arguments[1]);
    String more = arguments.length < 3 ? "" : moreListeners(port, Path.of(arguments[2]));
    EmbeddedExtension welcome =
        EmbeddedExtension.builder()
            .withId("welcome")
            .withName("everybody is welcome")
            .withVersion("1")
            .withExtensionMain(new Welcome())
            .build();
    EmbeddedHiveMQ broker =
        EmbeddedHiveMQ.builder()
            .withConfigurationFolder(config(folder, port, more))
            .withDataFolder(Files.createDirectories(folder.resolve("data")))
            .withExtensionsFolder(Files.createDirectories(folder.resolve("extensions")))
            .withEmbeddedExtension(welcome)
            .build();
    broker.start().join();
    System.out.println("ready");
    new CountDownLatch(1).await();
  }

  private static String moreListeners(int port, Path keyStore) {
    return String.format(
        MORE_LISTENERS, port + 1, port + 2, port + 3, String.format(TLS, keyStore));
  }

  private static Path config(Path folder, int port, String more) throws IOException {
    Path config = Files.createDirectories(folder.resolve("conf"));
    Files.writeString(config.resolve("config.xml"), String.format(CONFIG, port, more));
    return config;
  }

  private static final class Welcome implements ExtensionMain {
    @Override
    public void extensionStart(ExtensionStartInput input, ExtensionStartOutput output) {
      SimpleAuthenticator everybody = (_input, answer) -> answer.authenticateSuccessfully();
      Services.securityRegistry().setAuthenticatorProvider(_input -> everybody);
    }

    @Override
    public void extensionStop(ExtensionStopInput input, ExtensionStopOutput output) {}
  }
}
