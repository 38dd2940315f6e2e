package io.signalbox.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.pki.PkiException;
import io.signalbox.server.bench.client.ClientLoop;
import io.signalbox.server.bench.client.Explanation;
import io.signalbox.server.bench.client.MqttClient;
import io.signalbox.server.codec.PacketEncoder;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicName;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Publishes. */
@Command(
    name = "pub",
    description = {
      "Publish messages and end when the broker has them all.",
      "With QoS 1 and 2 that is when it has acknowledged each; a refused one makes the command"
          + " fail. With QoS 0 it is when it has read them: it does not tell whether it refused"
          + " one.",
    },
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox pub --cafile ca.crt --cert pump7.crt --key pump7.key -t devices/pump7/data -m"
          + " 21.5",
      "  signalbox pub --url wss://localhost:8443/mqtt --cafile ca.crt --token-file token.jwt -t"
          + " devices/pump7/cmd/speed -q 1 -m 40",
      "  tail -f log | signalbox pub --cafile ca.crt --cert pump7.crt --key pump7.key -t"
          + " devices/pump7/log --lines",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class PubCommand implements Callable<Integer> {

  @Option(
      names = {"-t", "--topic"},
      paramLabel = "TOPIC",
      required = true,
      description = "Where to publish.")
  private String topic;

  @ArgGroup(multiplicity = "1")
  private Content content;

  /** Exactly one of these. */
  static final class Content {
    @Option(
        names = {"-m", "--message"},
        paramLabel = "TEXT",
        description = "The payload.")
    @Nullable String text;

    @Option(
        names = {"-f", "--file"},
        paramLabel = "FILE",
        description = "A file with the payload.")
    @Nullable Path file;

    @Option(
        names = "--empty",
        description = "No payload; with --retain that removes what is retained.")
    boolean empty;

    @Option(names = "--lines", description = "Each line of standard input is a message.")
    boolean lines;
  }

  @Option(
      names = {"-q", "--qos"},
      paramLabel = "0|1|2",
      defaultValue = "0",
      converter = QosConverter.class,
      description = "Quality of Service (default: ${DEFAULT-VALUE}).")
  private Qos qos = Qos.AT_MOST_ONCE;

  @Option(
      names = {"-r", "--retain"},
      description = "The broker keeps the last message for later subscribers.")
  private boolean retain;

  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      defaultValue = "1",
      description = "Publish it so many times (default: ${DEFAULT-VALUE}); not with --lines.")
  private long count = 1;

  @Option(
      names = "--expiry",
      paramLabel = "TIME",
      converter = LifetimeConverter.class,
      description = "How long the message is worth delivering, such as 10m (MQTT 5).")
  private @Nullable Duration expiry;

  @Option(
      names = "--content-type",
      paramLabel = "TEXT",
      description = "What the payload is, such as application/json (MQTT 5).")
  private @Nullable String contentType;

  @Option(
      names = "--text",
      description = "Say that the payload is UTF-8 text: Payload Format Indicator 1 (MQTT 5).")
  private boolean isText;

  @Option(
      names = "--response-topic",
      paramLabel = "TOPIC",
      description = "Where an answer should go (MQTT 5).")
  private @Nullable String responseTopic;

  @Option(
      names = "--correlation-data",
      paramLabel = "TEXT",
      description = "What the answer should repeat (MQTT 5).")
  private @Nullable String correlationData;

  @Option(
      names = "--user-property",
      paramLabel = "NAME=VALUE",
      description =
          "A property of your own; may be given several times, also with one name (MQTT 5).")
  private List<String> userProperties = List.of(); // no map: one name may come several times

  @Mixin private ConnectionOptions connection;

  @Mixin private WillOptions will;

  private final InputStream standardInput;

  PubCommand(InputStream standardInput) {
    this.standardInput = standardInput;
  }

  @Override
  public Integer call() throws CommandFailure, PkiException {
    if (count < 1) {
      throw connection.usage("--count: " + count + " is below 1");
    }
    if (content.lines && count != 1) {
      throw connection.usage("--count: standard input is published once");
    }
    var connect =
        new Connect(
            connection.version(),
            connection.clientId(),
            true,
            connection.keepAliveSeconds(),
            will.will(connection),
            connection.userName(),
            connection.password(),
            Properties.NONE);
    try (var loop = new ClientLoop();
        Payloads payloads = payloads(loop)) {
      var publishing = new Publishing(topicName(), payloads);
      new ClientRun(loop).run(connection, connect, publishing);
      publishing.throwIfRefused();
    } catch (IOException e) {
      throw new CommandFailure("input or output failed: " + e.getMessage(), e);
    }
    return ExitCode.DONE;
  }

  private TopicName topicName() {
    try {
      return TopicName.of(topic);
    } catch (InvalidTopicException e) {
      throw connection.usage("--topic: " + e.getMessage());
    }
  }

  private Payloads payloads(ClientLoop loop) throws CommandFailure {
    if (content.lines) {
      return Payloads.lines(standardInput, loop::wakeUp);
    }
    if (content.file == null) {
      String text = content.text == null ? "" : content.text;
      return Payloads.repeated(text.getBytes(UTF_8), count);
    }
    try {
      return Payloads.repeated(Files.readAllBytes(content.file), count);
    } catch (IOException | OutOfMemoryError e) {
      throw new CommandFailure(
          "cannot read the payload from \"" + content.file + "\": " + e.getMessage(), e);
    }
  }

  private Properties properties() {
    Properties.Builder properties = Properties.builder();
    if (isText) {
      properties.put(Property.PAYLOAD_FORMAT_INDICATOR, 1);
    }
    if (contentType != null) {
      properties.put(Property.CONTENT_TYPE, contentType);
    }
    if (responseTopic != null) {
      properties.put(Property.RESPONSE_TOPIC, responseTopic);
    }
    if (correlationData != null) {
      properties.put(Property.CORRELATION_DATA, correlationData.getBytes(UTF_8));
    }
    for (String property : userProperties) {
      int equals = property.indexOf('=');
      if (equals < 0) {
        throw connection.usage("--user-property: \"" + property + "\" is not NAME=VALUE");
      }
      properties.addUserProperty(property.substring(0, equals), property.substring(equals + 1));
    }
    Properties all = properties.build();
    if (connection.version() != ProtocolVersion.V5 && (!all.isEmpty() || expiry != null)) {
      throw connection.usage("message properties and --expiry need --mqtt 5");
    }
    return all;
  }

  /** Sends all payloads, waits until the broker has them, disconnects. */
  private final class Publishing implements ClientRun.Task {
    private final TopicName name;
    private final Payloads payloads;
    private final byte[] encodedProperties = PacketEncoder.encodeForwardedProperties(properties());
    private final long expirySeconds = expiry == null ? -1 : expiry.toSeconds();
    private boolean pinged;
    private @Nullable CommandFailure refused;

    Publishing(TopicName name, Payloads payloads) {
      this.name = name;
      this.payloads = payloads;
    }

    void throwIfRefused() throws CommandFailure {
      if (refused != null) {
        throw refused;
      }
    }

    @Override
    public boolean work(MqttClient client) throws CommandFailure {
      throwIfRefused();
      boolean published = false;
      while (client.canPublish(qos)) {
        byte[] payload = payloads.next();
        if (payload == null) {
          published = false; // the next one wakes the loop
          break;
        }
        int _ = client.publish(name, qos, retain, encodedProperties, expirySeconds, payload);
        published = true;
      }
      if (client.isConnected() && payloads.isAtEnd() && client.inFlight() == 0) {
        end(client);
      }
      return published; // otherwise the socket is full, and wakes the loop when it has room
    }

    /** Nothing acknowledges QoS 0; the answer to a ping shows that the broker has read it all. */
    private void end(MqttClient client) {
      if (qos == Qos.AT_MOST_ONCE && !pinged) {
        pinged = true;
        client.ping();
      } else if (client.hasAnsweredPings()) {
        client.disconnect();
      }
    }

    @Override
    public void onAcknowledged(
        MqttClient client, int packetId, ReasonCode reason, Properties properties) {
      if (reason.isError() && refused == null) {
        refused =
            new CommandFailure(
                ExitCode.of(Explanation.ofRefusal(reason)),
                "the broker refused the message on \""
                    + name
                    + "\": "
                    + Explanation.reason(reason, properties)
                    + Explanation.hintOfRefusal(reason));
        client.disconnect();
      }
    }
  }
}
