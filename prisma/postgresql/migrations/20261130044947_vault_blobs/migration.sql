-- DropIndex
DROP INDEX "VaultBlob_newest_key_idx";

-- AlterTable
ALTER TABLE "MasterKey" ADD COLUMN     "retiredAt" TIMESTAMP(3);

-- AlterTable: service and name are compared by their bytes, as on SQLite.
ALTER TABLE "VaultBlob" DROP CONSTRAINT "VaultBlob_pkey",
DROP COLUMN "key",
DROP COLUMN "newest",
ADD COLUMN     "name" TEXT COLLATE "C" NOT NULL,
ADD COLUMN     "service" TEXT COLLATE "C" NOT NULL,
ADD COLUMN     "vaultId" TEXT NOT NULL,
ADD CONSTRAINT "VaultBlob_pkey" PRIMARY KEY ("vaultId", "service", "name", "version");
