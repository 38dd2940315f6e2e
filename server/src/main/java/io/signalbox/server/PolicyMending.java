package io.signalbox.server;

import io.signalbox.acl.source.Problem;
import io.signalbox.pki.PkiException;
import io.signalbox.server.auth.PolicyException;
import io.signalbox.server.auth.StoppedPolicies;
import io.signalbox.server.cli.CommandFailure;
import io.signalbox.server.cli.PolicyDocument;
import io.signalbox.server.cli.StoreTools.Outcome;
import io.signalbox.server.cli.VersionCommand;
import io.signalbox.server.config.RegistryConfig;
import io.signalbox.server.config.StoreConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.PolicyAttachment;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.RegistryException;
import io.signalbox.server.registry.Sealing;
import io.signalbox.server.registry.StoredPolicy;
import io.signalbox.server.store.Store;
import io.signalbox.server.store.StoreFiles;
import io.signalbox.server.store.StoreLimits;
import io.signalbox.server.store.StoreOpenException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.stream.Collectors;

/** The API's access policies of a data directory that no broker holds. */
final class PolicyMending {
  private PolicyMending() {}

  /** What is done while the store is open. */
  @FunctionalInterface
  private interface Work {
    Outcome with(StoppedPolicies policies)
        throws PolicyException, RegistryException, InterruptedException, CommandFailure;
  }

  static Outcome list(Path dataDirectory) throws CommandFailure {
    return work(
        dataDirectory,
        policies -> {
          List<StoppedPolicies.Found> all = policies.all();
          if (all.isEmpty()) {
            return new Outcome(true, "the API has put no policy into this store");
          }
          return new Outcome(
              all.stream().allMatch(found -> found.problems().isEmpty()),
              all.stream()
                  .map(found -> line(found, policies.attachments(found.policy().name()).size()))
                  .collect(Collectors.joining(System.lineSeparator())));
        });
  }

  private static String line(StoppedPolicies.Found found, int attachments) {
    var text = new StringBuilder();
    text.append(found.policy().name())
        .append(": ")
        .append(found.policy().format().word())
        .append(", ")
        .append(attachments)
        .append(attachments == 1 ? " attachment" : " attachments");
    if (found.problems().isEmpty()) {
      return text.append(", nothing wrong").toString();
    }
    text.append(", cannot be used:");
    found
        .problems()
        .forEach(problem -> text.append(System.lineSeparator()).append("  ").append(problem));
    return text.toString();
  }

  static Outcome show(Path dataDirectory, String name) throws CommandFailure {
    return work(
        dataDirectory,
        policies -> {
          StoredPolicy policy = policies.find(name);
          if (policy == null) {
            throw new CommandFailure(
                "there is no policy \""
                    + name
                    + "\" of the API; \"signalbox store policy\" without a name lists those there"
                    + " are");
          }
          return new Outcome(true, policy.document());
        });
  }

  static Outcome replace(Path dataDirectory, String name, PolicyDocument by) throws CommandFailure {
    StoredPolicy.Format format = by.isJson() ? StoredPolicy.Format.JSON : StoredPolicy.Format.YAML;
    return work(
        dataDirectory,
        policies -> {
          policies.replace(name, format, by.text());
          return new Outcome(true, PolicyAttachment.ref(name) + " is replaced");
        });
  }

  static Outcome remove(Path dataDirectory, String name) throws CommandFailure {
    return work(
        dataDirectory,
        policies -> {
          StoppedPolicies.Removed removed = policies.remove(name);
          var text = new StringBuilder(PolicyAttachment.ref(name)).append(" is removed");
          for (PolicyAttachment each : removed.attachments()) {
            text.append(System.lineSeparator()).append("  and its attachment ").append(each.name());
          }
          if (!removed.problems().isEmpty()) {
            text.append(System.lineSeparator()).append("what is left cannot be used:");
          }
          for (Problem each : removed.problems()) {
            text.append(System.lineSeparator()).append("  ").append(each);
          }
          return new Outcome(removed.problems().isEmpty(), text.toString());
        });
  }

  private static Outcome work(Path dataDirectory, Work work) throws CommandFailure {
    DataDirectory.requireWhole(dataDirectory);
    Path directory = DataDirectory.store(dataDirectory);
    if (!StoreFiles.exists(directory)) { // to open it would begin one
      throw new CommandFailure("there is no store in \"" + directory + "\"");
    }
    Clocks clocks = Clocks.system();
    Metrics metrics = new Metrics(1, VersionCommand.version());
    try (Store store =
        Store.open(
            directory,
            StoreConfig.DEFAULTS,
            StoreLimits.DEFAULTS,
            clocks,
            metrics,
            _ -> {})) { // whoever waits for it is told
      Registry registry =
          Registry.open(
              store,
              RegistryConfig.DEFAULTS,
              Sealing.openOrCreate(dataDirectory, new SecureRandom()),
              clocks,
              metrics);
      return work.with(new StoppedPolicies(registry, clocks));
    } catch (PolicyException e) {
      throw new CommandFailure(
          e.problems().stream()
              .map(String::valueOf)
              .collect(Collectors.joining(System.lineSeparator())),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailure("interrupted", e);
    } catch (StoreOpenException | RegistryException | PkiException | IllegalStateException e) {
      throw new CommandFailure(String.valueOf(e.getMessage()), e);
    }
  }
}
