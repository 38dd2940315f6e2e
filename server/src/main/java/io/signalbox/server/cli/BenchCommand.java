package io.signalbox.server.cli;

import io.signalbox.server.bench.Traffic;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
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
      "Ctrl-C ends it early: it takes away what it left with the broker and tells what it has.",
    },
    synopsisSubcommandLabel = "MEASUREMENT",
    footerHeading = "%nWhat a report says:%n",
    footer = {
      "  ...-per-s                 by the clock: broker, generator and network together",
      "  ...-per-server-cpu-s      for each second of processor time of --pid: what a processor of",
      "                            its own would give the broker, however slow the generator is",
      "  latency-p50-us, -p99-us   half, 99%% of the messages took at most so many microseconds",
      "                            from when they were sent (with --rate: due) until they came",
      "  acknowledgement-...       from PUBLISH to PUBACK or PUBCOMP",
      "  generator-busy            processors that this program used",
      "  server-cpu-s              processor time of --pid in the measured part",
      "  resident-bytes-...        memory of --pid; heap-bytes-...: on its heap without garbage",
      "  stopped                   early: by Ctrl-C; the figures are of what was done until then",
      "These must be 0, or the run has FAILED and the exit code is 1:",
      "  lost, duplicates          never came; came more than once",
      "  out-of-order              came after a later message of the same publisher",
      "  not-sent                  of --count: the broker took no more, or --limit was reached",
      "  stale, without-retain-flag  retained, but not what was set last; not marked as retained",
      "  strays                    of no publisher of this run; p2p: for another subscriber",
      "  refused, failed, unanswered, connections-lost",
      "                            PUBLISH refused; connections that failed, got no answer, broke",
      "",
      "Clients are named ID-pub-0, ID-sub-0 and so on (--id, default bench), topics are below",
      "--topic-prefix (default bench): the broker must allow both.",
      "",
      "Examples:",
      "  signalbox bench p2p --url mqtt://localhost:1883 --publishers 10 --qos 1 --pid $$(pidof"
          + " mosquitto)",
      "  signalbox bench connect-storm --cafile ca.crt --certs devices --clients 5000",
    })
@SuppressWarnings("NullAway.Init") // picocli sets the annotated fields before run
final class BenchCommand implements Runnable {
  @Spec private CommandSpec spec;

  /** With all measurements below it. */
  static CommandLine commandLine() {
    CommandLine all =
        new CommandLine(new BenchCommand())
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
    all.getSubcommands().values().forEach(one -> describeIds(one.getCommandSpec()));
    return all;
  }

  /** Here {@code --id} names many clients and not one. */
  private static void describeIds(CommandSpec measurement) {
    OptionSpec id = measurement.findOption("--id");
    CommandSpec _ = measurement.remove(id);
    CommandSpec _ =
        measurement.addOption(
            OptionSpec.builder(id)
                .description(
                    "Clients are named ID-pub-0, ID-sub-0 and so on (default: the common name of"
                        + " --cert, otherwise bench). Runs at the same time need an id each:"
                        + " whoever has a name already is disconnected.")
                .build());
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
