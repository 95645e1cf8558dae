package org.opensva.smmuv3.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.opensva.api.memory.Access;
import org.opensva.smmuv3.layout.AddressSize;
import org.opensva.smmuv3.layout.IdRegisters.Idr0;
import org.opensva.smmuv3.layout.IdRegisters.Idr1;
import org.opensva.smmuv3.layout.IdRegisters.Idr3;
import org.opensva.smmuv3.layout.IdRegisters.Idr5;
import org.opensva.smmuv3.layout.Opcode;
import org.opensva.smmuv3.layout.Register;
import org.opensva.smmuv3.model.ReferenceRules.Claims;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;

/**
 * The SMMU with all its caches agrees with one that has none, on random configurations, tables and
 * accesses.
 */
class RandomTablesTest {

    private static final int TABLES = Integer.getInteger("opensva.tables", 150_000);
    private static final long SEED = Long.getLong("opensva.seed", 20240607);
    private static final int ACCESSES_EACH = 40;

    private final Random random = new Random(SEED);
    private final Map<String, Integer> seen = new TreeMap<>();

    /** One SMMU with what has been planted for it. */
    private final class Rig implements AutoCloseable {
        private final TestMachine machine;
        private final SmmuProfile profile;
        private final long contexts;
        private final RandomTables tables;
        private Claims claims;
        private int asid;

        Rig(SmmuProfile profile) {
            this.profile = profile.withCaches(64, 16, 4);
            machine = new TestMachine(this.profile);
            contexts = machine.allocate(1 << 16, 1 << 16);
            claims = claims(false);
            machine.memory.with(RandomTables.secondPool(claims), RandomTables.POOL_BYTES);
            tables = new RandomTables(random, machine.memory, contexts, claims);
            machine.enable();
        }

        private Claims claims(boolean e2h) {
            return new Claims(profile.idr0(), profile.idr1(), profile.idr3(), profile.idr5(), e2h);
        }

        private void chooseRegime() {
            boolean host = claims.hyp() && random.nextBoolean();
            claims = claims(host);
            tables.claims(claims);
            machine.smmu.write(Register.CR0.offset(), 4, 0);
            machine.smmu.write(Register.CR2.offset(), 4, 0b1010 | (host ? 1 : 0));
            machine.enable(host);
        }

        /** A configuration and some accesses to it. */
        void round() {
            if (claims.hyp() && random.nextInt(8) == 0) {
                chooseRegime();
            }
            long[] ste = tables.entry();
            long[] cd = tables.context(++asid & 0xffff);
            for (int i = 0; i < 4; i++) {
                machine.writeWords(contexts + 64 * i, cd);
            }
            machine.writeWords(machine.entryAddress(TestMachine.STREAM), ste);
            machine.invalidateConfiguration();
            invalidateTranslations();
            long[] addresses = new long[4];
            for (int i = 0; i < addresses.length; i++) {
                addresses[i] = tables.address(ste, cd);
            }
            for (int i = 0; i < ACCESSES_EACH; i++) {
                long va = addresses[random.nextInt(addresses.length)];
                if (random.nextInt(4) == 0) {
                    va += (random.nextInt(9) - 4) * 4096L;
                }
                access(ste, va & -8L);
            }
        }

        private void invalidateTranslations() {
            machine.command(Opcode.TLBI_NSNH_ALL.code(), 0);
            if (claims.hyp()) {
                machine.command(Opcode.TLBI_EL2_ALL.code(), 0);
            }
            machine.sync();
            assertTrue(machine.allConsumed());
        }

        private void access(long[] ste, long va) {
            boolean write = random.nextInt(3) == 0;
            boolean fetch = !write && random.nextInt(3) == 0;
            boolean privileged = random.nextBoolean();
            int substream = random.nextInt(8) == 0 ? random.nextInt(5) : ssidFor(ste);
            var asked = new ReferenceWalker.Access(va, substream, write, fetch, privileged);
            ReferenceWalker.Answer wanted;
            try {
                wanted = new ReferenceWalker(claims, machine.memory, tables, ste).access(asked);
            } catch (RandomTables.Aliased e) {
                return;
            }
            seen.merge(
                    wanted.fault() + "/" + wanted.stage() + "/" + wanted.purpose(),
                    1,
                    Integer::sum);
            int access =
                    (write ? Access.WRITE : fetch ? Access.EXECUTE : Access.READ)
                            | (privileged ? Access.PRIVILEGED : 0);
            boolean attributes = random.nextInt(4) == 0;
            SmmuTap.Result actual = tap(asked, access, attributes);
            boolean older =
                    fetch
                            && actual.fault().isEmpty()
                            && wanted.fault().equals("F_PERMISSION")
                            && wanted.stage() == 1;
            if (older) {
                // Hardware made the page writable by another address that leads to the same
                // descriptor, and what is writable is not executable: until an invalidation the
                // cached permissions of this address may be those of before.
                seen.merge("older", 1, Integer::sum);
                invalidateTranslations();
                actual = tap(asked, access, attributes);
            }
            String what = "0x" + Long.toHexString(va) + " of " + describe(ste) + wanted + actual;
            assertEquals(wanted.fault(), actual.fault(), what);
            assertEquals(wanted.stage(), actual.stage(), what);
            assertEquals(wanted.purpose(), actual.purpose(), what);
            assertEquals(wanted.ipa() & -4096L, actual.ipa(), what);
            assertEquals(wanted.physical(), actual.physical(), what);
            if (attributes && wanted.fault().isEmpty()) {
                MemoryAttributes got = Objects.requireNonNull(actual.attributes());
                assertEquals(wanted.attributes().encoded(), got.mair(), what);
                assertEquals(wanted.attributes().sh(), got.shareability(), what);
            }
            for (Map.Entry<Long, Long> update : wanted.written().entrySet()) {
                assertEquals(update.getValue(), machine.memory.readLong(update.getKey()), what);
                if (tables.isContext(update.getKey())) {
                    machine.invalidateConfiguration();
                }
            }
        }

        private SmmuTap.Result tap(ReferenceWalker.Access asked, int access, boolean attributes) {
            Lane lane = new Lane();
            assertTrue(lane.tryEnter());
            SmmuTap.Result result =
                    SmmuTap.translate(
                            machine,
                            asked.substream(),
                            access,
                            asked.va(),
                            asked.write(),
                            attributes,
                            lane);
            seen.merge("hits", (int) lane.count(Lane.Count.HITS), Integer::sum);
            lane.leave();
            return result;
        }

        private int ssidFor(long[] ste) {
            boolean one = (ste[0] >>> 1 & 1) == 1;
            int max = (int) (ste[0] >>> 59);
            return one && max > 0 && random.nextBoolean() ? 1 : -1;
        }

        @Override
        public void close() {
            machine.close();
        }
    }

    private static String describe(long[] ste) {
        StringBuilder words = new StringBuilder();
        for (long word : ste) {
            words.append(Long.toHexString(word)).append(' ');
        }
        return words.toString();
    }

    /** An SMMU that claims little: 40-bit addresses, 8-bit tags, and no dirty state. */
    private static SmmuProfile small() {
        SmmuProfile base = SmmuProfile.nested();
        long idr0 =
                base.idr0() & ~(Idr0.ASID16.mask() | Idr0.VMID16.mask() | Idr0.CD2L.mask())
                        | Idr0.TERM_MODEL.mask();
        return base.withIdentification(
                Idr0.HTTU.set(idr0, 1),
                base.idr1() & ~Idr1.ATTR_PERMS_OVR.mask(),
                base.idr3() & ~(Idr3.HAD.mask() | Idr3.XNX.mask()),
                Idr5.OAS.set(base.idr5(), AddressSize.BITS_40),
                0,
                1);
    }

    @Test
    void theFastWalkerAgreesWithTheSlowOne() {
        try (Rig complete = new Rig(SmmuProfile.complete());
                Rig nested = new Rig(SmmuProfile.nested());
                Rig sva = new Rig(SmmuProfile.sva());
                Rig small = new Rig(small())) {
            List<Rig> rigs = List.of(sva, nested, small, complete, complete, complete, complete);
            for (int done = 0; done < TABLES; done += ACCESSES_EACH) {
                rigs.get(random.nextInt(rigs.size())).round();
            }
        }
        for (String outcome :
                List.of(
                        "/0/0",
                        "hits",
                        "C_BAD_STE/0/0",
                        "C_BAD_CD/0/0",
                        "C_BAD_SUBSTREAMID/0/0",
                        "F_STREAM_DISABLED/0/0",
                        "F_TRANSLATION/1/2",
                        "F_ADDR_SIZE/1/2",
                        "F_ACCESS/1/2",
                        "F_PERMISSION/1/2",
                        "F_WALK_EABT/1/1",
                        "F_TRANSLATION/2/1",
                        "F_TRANSLATION/2/2",
                        "F_ADDR_SIZE/2/2",
                        "F_ACCESS/2/1",
                        "F_ACCESS/2/2",
                        "F_PERMISSION/2/1",
                        "F_PERMISSION/2/2")) {
            assertTrue(seen.getOrDefault(outcome, 0) > TABLES / 5000, outcome + " in " + seen);
        }
        assertTrue(seen.getOrDefault("older", 0) < TABLES / 2000, "older in " + seen);
        if (Boolean.getBoolean("opensva.verbose")) {
            System.out.println(seen);
        }
    }
}
