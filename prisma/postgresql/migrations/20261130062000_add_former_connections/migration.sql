-- CreateTable
CREATE TABLE "FormerConnection" (
    "id" TEXT NOT NULL,
    "tenantId" TEXT NOT NULL,
    "service" "ServiceName" NOT NULL,
    "apiUrl" TEXT,
    "things" INTEGER NOT NULL,
    "leftAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "FormerConnection_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "FormerConnection_tenantId_id_idx" ON "FormerConnection"("tenantId", "id");

-- AddForeignKey
ALTER TABLE "FormerConnection" ADD CONSTRAINT "FormerConnection_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES "Tenant"("id") ON DELETE CASCADE ON UPDATE CASCADE;
