package io.signalbox.server.registry;

import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.registry.RegistryException.Reason;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Uses claim tokens up. Not on an I/O thread: a use is durable before it counts. The only one of
 * its registry.
 */
public final class Claims {
  private final Registry registry;
  private final Clocks clocks;

  /** How many uses of a token are; guarded by itself. No more tokens than requests. */
  private final Map<String, Integer> underWay = new HashMap<>();

  public Claims(Registry registry, Clocks clocks) {
    this.registry = registry;
    this.clocks = clocks;
  }

  /**
   * The template of a token that is good, but for its uses: these are asked for by {@link #begin},
   * once something is to be made.
   *
   * @throws RegistryException {@link Reason#NOT_FOUND} whatever is wrong with name or secret;
   *     {@link Reason#CONFLICT} if the token ended, is switched off or not for this address
   */
  public ProvisioningTemplate template(String name, String secret, InetAddress from)
      throws RegistryException {
    ClaimToken token = required(registry.find(Kind.CLAIM_TOKEN, name), secret);
    requireGood(token, from);
    ProvisioningTemplate template = registry.find(Kind.TEMPLATE, token.template());
    if (template == null || !template.enabled()) {
      throw refused(name, "its provisioning template is not there or disabled");
    }
    return template;
  }

  /**
   * A use that is under way. Nobody else has it meanwhile, and it counts once it is {@link #edit
   * written} with what it is for.
   */
  public final class Use implements AutoCloseable {
    private final String name;
    private final String secret;
    private final InetAddress from;

    private Use(String name, String secret, InetAddress from) {
      this.name = name;
      this.secret = secret;
      this.from = from;
    }

    /** Counts it. */
    public Edit<ClaimToken> edit() {
      return Edit.put(Kind.CLAIM_TOKEN, name, Condition.NONE, this::counted);
    }

    /**
     * Counts it by itself.
     *
     * @throws RegistryException as {@link #begin} does
     */
    public void count() throws RegistryException, InterruptedException {
      registry.put(Kind.CLAIM_TOKEN, name, Condition.NONE, this::counted);
    }

    private ClaimToken counted(@Nullable ClaimToken existing) throws RegistryException {
      return requireLeft(existing, secret, from).usedOnceMore();
    }

    @Override
    public void close() {
      synchronized (underWay) {
        underWay.computeIfPresent(name, (_, uses) -> uses == 1 ? null : uses - 1);
      }
    }
  }

  /**
   * Begins one use of a token.
   *
   * @return to be closed
   * @throws RegistryException as {@link #template} does, and if it is used up; {@link
   *     Reason#UNAVAILABLE} if those that are under way may use it up
   */
  public Use begin(String name, String secret, InetAddress from) throws RegistryException {
    synchronized (underWay) {
      ClaimToken token = requireLeft(registry.find(Kind.CLAIM_TOKEN, name), secret, from);
      int others = underWay.getOrDefault(name, 0);
      if (others >= token.maxUses() - token.uses()) {
        throw new RegistryException(
            Reason.UNAVAILABLE,
            "other requests may use the claim token \""
                + name
                + "\" up right now; repeat this one");
      }
      underWay.put(name, others + 1);
      return new Use(name, secret, from);
    }
  }

  private ClaimToken requireLeft(@Nullable ClaimToken existing, String secret, InetAddress from)
      throws RegistryException {
    ClaimToken token = required(existing, secret);
    requireGood(token, from);
    if (token.uses() >= token.maxUses()) {
      throw refused(token.name(), "it was used " + token.uses() + " times, as often as allowed");
    }
    return token;
  }

  private static ClaimToken required(@Nullable ClaimToken token, String secret)
      throws RegistryException {
    if (token == null || !token.isSecret(secret)) {
      throw new RegistryException(Reason.NOT_FOUND, "no claim token has this name and secret");
    }
    return token;
  }

  private void requireGood(ClaimToken token, InetAddress from) throws RegistryException {
    if (!token.enabled()) {
      throw refused(token.name(), "it is disabled");
    }
    if (clocks.wallMillis() >= token.expiresAtMillis()) {
      throw refused(token.name(), "it ended at " + Fields.time(token.expiresAtMillis()));
    }
    if (!token.mayBeUsedFrom(from)) {
      throw refused(token.name(), "it is not for the address " + from.getHostAddress());
    }
  }

  private static RegistryException refused(String name, String why) {
    return new RegistryException(
        Reason.CONFLICT, "the claim token \"" + name + "\" cannot be used: " + why);
  }
}
