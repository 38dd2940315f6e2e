package io.signalbox.server.cli;

import io.signalbox.server.bench.Traffic;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Groups the measurements. */
@Command(
    name = "bench",
    description = {
      "Measure a broker: any that speaks MQTT.",
      "Every message that comes back is checked; lost, repeated or reordered ones make the command"
          + " fail. Rates and processor time are over the measured part, from its first message to"
          + " its last delivery. generator-busy near 1 means that this program was the limit: then"
          + " the figures per server CPU second count alone.",
    },
    synopsisSubcommandLabel = "MEASUREMENT",
    footerHeading = "%nExamples:%n",
    footer = {
      "  signalbox bench p2p --url mqtt://localhost:1883 --publishers 10 --qos 1 --pid $$(pidof"
          + " mosquitto)",
      "  signalbox bench connect-storm --cafile ca.crt --certs devices --clients 5000",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before run
final class BenchCommand implements Runnable {
  @Spec private CommandSpec spec;

  /** With all measurements below it. */
  static CommandLine commandLine() {
    return new CommandLine(new BenchCommand())
        .addSubcommand(
            "p2p",
            traffic(
                Traffic.Shape.P2P,
                "Messages from each publisher to a subscriber of its own.",
                "p2p --url mqtt://localhost:1883 -q 1 --rate 5000"))
        .addSubcommand(
            "fan-in",
            traffic(
                Traffic.Shape.FAN_IN,
                "Messages from many publishers to few subscribers.",
                "fan-in --url mqtt://localhost:1883 --subscribers 4 --share workers"))
        .addSubcommand(
            "fan-out",
            traffic(
                Traffic.Shape.FAN_OUT,
                "Messages from few publishers to many subscribers.",
                "fan-out --cafile ca.crt --token-file token.jwt -q 0"))
        .addSubcommand(new BenchRetainedCommand())
        .addSubcommand(new BenchOfflineCommand())
        .addSubcommand(new BenchSubscribeStormCommand())
        .addSubcommand(new BenchConnectStormCommand())
        .addSubcommand(new BenchIdleCommand());
  }

  private static CommandLine traffic(Traffic.Shape shape, String description, String example) {
    var command = new CommandLine(new BenchTrafficCommand(shape));
    command
        .getCommandSpec()
        .usageMessage()
        .description(description)
        .footerHeading("%nExamples:%n")
        .footer("  signalbox bench " + example);
    return command;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "name a measurement");
  }
}
