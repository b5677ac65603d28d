-- DropForeignKey
ALTER TABLE "SecretLease" DROP CONSTRAINT "SecretLease_principalId_fkey";

-- DropForeignKey
ALTER TABLE "SecretLease" DROP CONSTRAINT "SecretLease_vaultId_fkey";

-- AlterTable
ALTER TABLE "SecretLease" ADD COLUMN     "askedByName" TEXT NOT NULL DEFAULT '';

-- CreateIndex
CREATE INDEX "SecretLease_askedBy_id_idx" ON "SecretLease"("askedBy", "id");
