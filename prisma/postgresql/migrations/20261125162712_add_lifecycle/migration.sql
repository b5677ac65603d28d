-- CreateTable
CREATE TABLE "TenantExport" (
    "id" TEXT NOT NULL,
    "tenantId" TEXT NOT NULL,
    "completedAt" TIMESTAMP(3),
    "createdAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "TenantExport_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "TenantExportPart" (
    "exportId" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "records" JSONB NOT NULL,

    CONSTRAINT "TenantExportPart_pkey" PRIMARY KEY ("exportId","number")
);

-- CreateTable
CREATE TABLE "AccessReceipt" (
    "id" TEXT NOT NULL,
    "tenantId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "askedAt" TIMESTAMP(3) NOT NULL,
    "completedAt" TIMESTAMP(3),

    CONSTRAINT "AccessReceipt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AccessReceiptEntry" (
    "receiptId" TEXT NOT NULL,
    "service" "ServiceName" NOT NULL,
    "step" TEXT NOT NULL,
    "found" TEXT NOT NULL,
    "at" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "AccessReceiptEntry_pkey" PRIMARY KEY ("receiptId","service","step")
);

-- CreateIndex
CREATE INDEX "TenantExport_tenantId_id_idx" ON "TenantExport"("tenantId", "id");

-- CreateIndex
CREATE INDEX "AccessReceipt_tenantId_id_idx" ON "AccessReceipt"("tenantId", "id");

-- CreateIndex
CREATE INDEX "AccessReceipt_tenantId_completedAt_idx" ON "AccessReceipt"("tenantId", "completedAt");

-- AddForeignKey
ALTER TABLE "TenantExport" ADD CONSTRAINT "TenantExport_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "TenantExportPart" ADD CONSTRAINT "TenantExportPart_exportId_fkey" FOREIGN KEY ("exportId") REFERENCES "TenantExport"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AccessReceipt" ADD CONSTRAINT "AccessReceipt_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AccessReceipt" ADD CONSTRAINT "AccessReceipt_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AccessReceiptEntry" ADD CONSTRAINT "AccessReceiptEntry_receiptId_fkey" FOREIGN KEY ("receiptId") REFERENCES "AccessReceipt"("id") ON DELETE CASCADE ON UPDATE CASCADE;
