package io.signalbox.server.cli;

import io.signalbox.pki.PkiException;
import io.signalbox.server.bench.client.ClientLoop;
import io.signalbox.server.bench.client.Explanation;
import io.signalbox.server.bench.client.MqttClient;
import io.signalbox.server.packet.ConnAck;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Packet;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import io.signalbox.server.packet.Publish;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.packet.RequestedSubscription;
import io.signalbox.server.packet.RetainHandling;
import io.signalbox.server.packet.SubAck;
import io.signalbox.server.packet.SubscriptionOptions;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.SharedFilter;
import io.signalbox.server.topic.TopicFilter;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Subscribes and prints. */
@Command(
    name = "sub",
    description = {
      "Subscribe and print what comes, until Ctrl-C, --count or --wait.",
      "A line is the topic, a space and the payload; bytes that are no printable text stand as"
          + " \\xNN.",
    },
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox sub --cafile ca.crt --token-file token.jwt -t 'devices/#'",
      "  signalbox sub --cafile ca.crt --cert pump7.crt --key pump7.key -t 'devices/pump7/cmd/#'"
          + " -q 1 --session-expiry 1h",
      "  signalbox sub --cafile ca.crt --token-file token.jwt -t 'devices/+/data' -n 1 --wait 5s",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before call
final class SubCommand implements Callable<Integer> {

  /** Whoever reads the output slowly does not keep Keep Alive, --wait and Ctrl-C waiting. */
  private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** How a message is printed. */
  enum Format {
    LINE,
    PAYLOAD,
    JSON
  }

  @Option(
      names = {"-t", "--topic"},
      paramLabel = "FILTER",
      required = true,
      description =
          "A topic filter, with + and # as wildcards, or $$share/NAME/FILTER; may be given several"
              + " times.")
  private List<String> filters;

  @Option(
      names = {"-q", "--qos"},
      paramLabel = "0|1|2",
      defaultValue = "0",
      converter = QosConverter.class,
      description = "Highest Quality of Service wanted (default: ${DEFAULT-VALUE}).")
  private Qos qos = Qos.AT_MOST_ONCE;

  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      description = "End after so many messages (default: never).")
  private @Nullable Long count;

  @Option(
      names = {"-W", "--wait"},
      paramLabel = "TIME",
      converter = LifetimeConverter.class,
      description =
          "End after this time; with --count, or without a connection by then, that is a failure.")
  private @Nullable Duration wait;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "line",
      description =
          "line: topic and payload; payload: its bytes alone and a line feed; json: an object with"
              + " everything (default: ${DEFAULT-VALUE}).")
  private Format format = Format.LINE;

  @Option(
      names = "--session-expiry",
      paramLabel = "TIME",
      converter = LifetimeConverter.class,
      description =
          "Go on with the session of this client id, and let the broker keep it so long afterwards;"
              + " in MQTT 3.1.1 it decides how long.")
  private @Nullable Duration sessionExpiry;

  @Option(
      names = "--retained",
      paramLabel = "WHEN",
      defaultValue = "send",
      description =
          "Retained messages: send, send_if_new (subscription) or do_not_send (default:"
              + " ${DEFAULT-VALUE}; others in MQTT 5).")
  private RetainHandling retainHandling = RetainHandling.SEND;

  @Option(
      names = "--retain-as-published",
      description = "Show the RETAIN flag as the publisher set it (MQTT 5).")
  private boolean retainAsPublished;

  @Option(names = "--no-local", description = "Nothing that this client id published (MQTT 5).")
  private boolean noLocal;

  @Mixin private ConnectionOptions connection;

  @Mixin private WillOptions will;

  private final OutputStream standardOutput;

  SubCommand(OutputStream standardOutput) {
    this.standardOutput = standardOutput;
  }

  @Override
  public Integer call() throws CommandFailure, PkiException {
    checkUsage();
    Properties properties = Properties.NONE;
    if (sessionExpiry != null && connection.version() == ProtocolVersion.V5) {
      properties = properties.with(Property.SESSION_EXPIRY_INTERVAL, sessionExpiry.toSeconds());
    }
    var connect =
        new Connect(
            connection.version(),
            connection.clientId(),
            sessionExpiry == null,
            connection.keepAliveSeconds(),
            will.will(connection),
            connection.userName(),
            connection.password(),
            properties);
    if (sessionExpiry != null && connect.clientId().isEmpty()) {
      throw connection.usage("--session-expiry needs --id: a session belongs to a client id");
    }
    var printing = new Printing();
    try (var loop = new ClientLoop()) {
      new ClientRun(loop).run(connection, connect, printing);
      printing.throwIfFailed();
    } catch (IOException e) {
      throw new CommandFailure("input or output failed: " + e.getMessage(), e);
    }
    if (count != null && printing.printed < count) {
      throw new CommandFailure(
          printing.printed
              + " of "
              + count
              + " messages came"
              + (wait == null ? "" : " within " + wait.toSeconds() + " s"));
    }
    return ExitCode.DONE;
  }

  private void checkUsage() {
    if (count != null && count < 1) {
      throw connection.usage("--count: " + count + " is below 1");
    }
    boolean wantsV5 = noLocal || retainAsPublished || retainHandling != RetainHandling.SEND;
    if (wantsV5 && connection.version() != ProtocolVersion.V5) {
      throw connection.usage("--no-local, --retain-as-published and --retained need --mqtt 5");
    }
    for (String filter : filters) {
      try {
        if (SharedFilter.isShared(filter)) {
          SharedFilter.parse(filter);
        } else {
          TopicFilter.of(filter);
        }
      } catch (InvalidTopicException e) {
        throw connection.usage("--topic: " + e.getMessage());
      }
    }
  }

  private final class Printing implements ClientRun.Task {
    private final MessagePrinter printer = new MessagePrinter(standardOutput, format);
    private final long startedNanos = System.nanoTime();
    private long turnNanos; // when it began
    private long printed;
    private boolean connected;
    private @Nullable CommandFailure failure;

    @Override
    public void onConnected(MqttClient client, ConnAck answer) {
      connected = true;
      var options = new SubscriptionOptions(qos, noLocal, retainAsPublished, retainHandling);
      List<RequestedSubscription> requested =
          filters.stream().map(f -> new RequestedSubscription(f, options)).toList();
      int _ = client.subscribe(requested, Properties.NONE);
    }

    @Override
    public void onAnswer(MqttClient client, Packet answer) {
      if (!(answer instanceof SubAck subAck)) {
        return;
      }
      for (int i = 0; i < filters.size() && i < subAck.reasons().size(); i++) {
        ReasonCode reason = subAck.reasons().get(i);
        if (reason.isError() && failure == null) {
          failure =
              new CommandFailure(
                  ExitCode.of(Explanation.ofRefusal(reason)),
                  "the broker refused the subscription \""
                      + filters.get(i)
                      + "\": "
                      + Explanation.reason(reason, subAck.properties())
                      + Explanation.hintOfRefusal(reason));
          client.disconnect(); // in order, so that the Will is not published
        }
      }
    }

    @Override
    public void onMessage(MqttClient client, Publish message) {
      try {
        printer.print(message);
      } catch (IOException e) {
        cannotWrite(client, e);
        return;
      }
      printed++;
      if (count != null && printed == count) {
        client.disconnect(); // what came with this one is not acknowledged, so a session keeps it
      }
      if (System.nanoTime() - turnNanos > TURN_NANOS) {
        client.endTurn();
      }
    }

    @Override
    public void onRead(MqttClient client) {
      try {
        printer.flush();
      } catch (IOException e) {
        cannotWrite(client, e);
      }
    }

    /** Closes at once: what is not printed is not acknowledged, so a session keeps it. */
    private void cannotWrite(MqttClient client, IOException e) {
      failure = new CommandFailure("cannot write to standard output: " + e.getMessage(), e);
      client.close();
    }

    void throwIfFailed() throws CommandFailure {
      if (failure != null) {
        throw failure;
      }
    }

    @Override
    public boolean work(MqttClient client) throws CommandFailure {
      turnNanos = System.nanoTime();
      if (wait != null && System.nanoTime() - startedNanos >= wait.toNanos()) {
        if (!connected) {
          throw new CommandFailure(
              ExitCode.UNREACHABLE,
              connection.endpoint() + ": no connection within " + wait.toSeconds() + " s");
        }
        client.disconnect();
      }
      return false;
    }
  }
}
