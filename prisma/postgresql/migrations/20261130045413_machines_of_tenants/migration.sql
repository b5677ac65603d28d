-- AlterTable
ALTER TABLE "AccessReceipt" ADD COLUMN     "machines" JSONB;

-- AlterTable
ALTER TABLE "ApiToken" ADD COLUMN     "role" "TenantRole" NOT NULL DEFAULT 'member';

-- AlterTable
ALTER TABLE "Identity" ADD COLUMN     "tenantId" TEXT;

-- AlterTable
ALTER TABLE "IdentityClaim" ADD COLUMN     "role" "TenantRole";

-- CreateIndex
CREATE INDEX "Identity_tenantId_id_idx" ON "Identity"("tenantId", "id");

-- CreateIndex
CREATE INDEX "Identity_status_createdAt_idx" ON "Identity"("status", "createdAt");

-- CreateIndex
CREATE INDEX "ServiceAccount_tenantId_id_idx" ON "ServiceAccount"("tenantId", "id");

-- AddForeignKey
ALTER TABLE "Identity" ADD CONSTRAINT "Identity_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;
