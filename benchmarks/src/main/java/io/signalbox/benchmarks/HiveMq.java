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
        </listeners>
        <mqtt>
          <queued-messages><max-queue-size>100000000</max-queue-size></queued-messages>
          <receive-maximum><server-receive-maximum>65535</server-receive-maximum></receive-maximum>
        </mqtt>
        <persistence><mode>file</mode></persistence>
        <anonymous-usage-statistics><enabled>false</enabled></anonymous-usage-statistics>
      </hivemq>
      """;

  private HiveMq() {}

  /** Arguments: an empty folder, the port. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    int port = Integer.parseInt(arguments[1]);
    EmbeddedExtension welcome =
        EmbeddedExtension.builder()
            .withId("welcome")
            .withName("everybody is welcome")
            .withVersion("1")
            .withExtensionMain(new Welcome())
            .build();
    EmbeddedHiveMQ broker =
        EmbeddedHiveMQ.builder()
            .withConfigurationFolder(config(folder, port))
            .withDataFolder(Files.createDirectories(folder.resolve("data")))
            .withExtensionsFolder(Files.createDirectories(folder.resolve("extensions")))
            .withEmbeddedExtension(welcome)
            .build();
    broker.start().join();
    System.out.println("ready");
    new CountDownLatch(1).await();
  }

  private static Path config(Path folder, int port) throws IOException {
    Path config = Files.createDirectories(folder.resolve("conf"));
    Files.writeString(config.resolve("config.xml"), String.format(CONFIG, port));
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
